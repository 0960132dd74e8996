/** Colours for each of the two streams: a terminal on one says nothing about the other. */
import pc from 'picocolors'

type Stream = Pick<NodeJS.WriteStream, 'isTTY'>

/** On a terminal, unless `NO_COLOR` or `TERM=dumb` says otherwise; elsewhere only where `FORCE_COLOR` asks for them. */
export function wantsColours(stream: Stream, env: NodeJS.ProcessEnv = process.env): boolean {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0'
  return Boolean(stream.isTTY) && env.TERM !== 'dumb'
}

/** For what goes to standard error. */
export const onStderr = pc.createColors(wantsColours(process.stderr))
