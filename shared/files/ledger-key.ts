/** The name of a table in the ledger, made from schema and table in one place. */

/** `SALES`, `Orders` → `sales_orders`. Two tables can share it (`a_b`.`c`, `a`.`b_c`): `config apply` refuses that. */
export const ledgerKeyOf = (schema: string, table: string): string => `${schema}_${table}`.toLowerCase()
