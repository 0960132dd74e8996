/** Looks at every write of the ledger as it lands: what must hold at each moment, and not only in the end. */
import type { World } from './world.ts'

/** The highest of what may only grow, by table. */
interface HighWater {
  token: number
  generation: number
  mark: string
}

export function watch(world: World): void {
  const { files, tables, state } = world.ports
  const real = { move: files.move, replace: tables.replace }
  const seen = new Map<string, HighWater>()

  const move: typeof real.move = async (proof, moves) => {
    await real.move(proof, moves)
    for (const { settled } of moves) {
      if (settled.file_ingestion_status !== 'raw_file_processed') continue
      const commit = world.lakeOf(proof.table).commits.find((one) => one.batch_id === settled.batch_id)
      if (!commit?.files.includes(settled.file_id)) {
        world.violated('commit-authority', `${settled.file_id} of ${proof.table} was settled, and no commit has it`)
      }
    }
  }

  const replace: typeof real.replace = async (next, ...rest) => {
    const result = await real.replace(next, ...rest)
    const stored = state.tables.get(next.raw_table_name)
    if (!result.written || !stored) return result
    const high = seen.get(stored.raw_table_name) ?? { token: 0, generation: 0, mark: '' }
    if (stored.claim_token < high.token) world.violated('evidence', `the token of ${stored.raw_table_name} fell`)
    if (stored.generation < high.generation) {
      world.violated('generations', `the generation of ${stored.raw_table_name} fell`)
    }
    if (stored.generation === high.generation && (stored.applied_max_sequence ?? '') < high.mark) {
      world.violated('no-revival', `the highest applied sequence of ${stored.raw_table_name} fell`)
    }
    const { claim_token: token, generation, applied_max_sequence: mark } = stored
    seen.set(stored.raw_table_name, { token, generation, mark: mark ?? '' })
    return result
  }

  Object.assign(files, { move })
  Object.assign(tables, { replace })
}
