/** "Did you mean …?" */

/** The candidate with the smallest edit distance, if it is near enough to be a slip of the finger. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  // A long word is no slip; and distance costs length × length.
  if (word.length > 100) return undefined
  let best: string | undefined
  let smallest = Math.max(2, Math.floor(word.length / 3)) + 1
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= smallest) continue
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance < smallest) {
      best = candidate
      smallest = distance
    }
  }
  return best
}

/** Levenshtein: insertions, deletions and replacements. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

/** What to say about `word`: the nearest of what is known, or all of it. */
export function suggestion(word: string, known: readonly string[]): string {
  const near = nearest(word, known)
  if (near !== undefined) return `did you mean \`${near}\`?`
  return known.length > 0
    ? `known here: ${known
        .slice(0, 20)
        .map((name) => `\`${name}\``)
        .join(', ')}`
    : 'remove it'
}
