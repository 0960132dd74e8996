/** A glob matcher whose time is bounded by pattern × text: patterns and keys come from outside, so nothing may backtrack. */

type Piece = { readonly kind: 'literal'; readonly char: string } | { readonly kind: 'star'; readonly crosses: boolean }

/** Compiles once, matches often. `*` is any run of characters without `/`, `**` any run at all; the rest is literal. */
export function globMatcher(pattern: string): (text: string) => boolean {
  const pieces = piecesOf(pattern)
  return (text) => {
    let states = withSkippedStars(pieces, new Set([0]))
    for (const char of text) {
      if (states.size === 0) return false
      states = step(pieces, states, char)
    }
    return states.has(pieces.length)
  }
}

function piecesOf(pattern: string): Piece[] {
  const pieces: Piece[] = []
  for (const char of pattern) {
    const last = pieces.at(-1)
    if (char !== '*') pieces.push({ kind: 'literal', char })
    else if (last?.kind === 'star') pieces[pieces.length - 1] = { kind: 'star', crosses: true }
    else pieces.push({ kind: 'star', crosses: false })
  }
  return pieces
}

/** State n: the first n pieces are matched. All states are followed at once, which is what bounds the time. */
function step(pieces: readonly Piece[], states: ReadonlySet<number>, char: string): Set<number> {
  const next = new Set<number>()
  for (const state of states) {
    const piece = pieces[state]
    if (piece?.kind === 'star' && (piece.crosses || char !== '/')) next.add(state)
    if (piece?.kind === 'literal' && piece.char === char) next.add(state + 1)
  }
  return withSkippedStars(pieces, next)
}

function withSkippedStars(pieces: readonly Piece[], states: Set<number>): Set<number> {
  // A set may grow while it is iterated: what is added is visited too.
  for (const state of states) if (pieces[state]?.kind === 'star') states.add(state + 1)
  return states
}
