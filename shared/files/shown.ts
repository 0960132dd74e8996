/** Keys and names are attackers' input: this is how they are shown in messages and logs. */

const LONGEST = 300

/** Control and invisible characters escaped, back-ticks replaced, cut at 300 characters. */
export function shown(text: string): string {
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}… (${text.length} characters)` : text
  return printable(cut).replaceAll('`', "'")
}

/** Control and invisible characters escaped: what is left can't steer a terminal. */
export const printable = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`)
