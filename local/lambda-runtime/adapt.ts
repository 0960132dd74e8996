/** Makes a packaged function run in the local cloud: same code, plus a `bootstrap` that starts our Runtime API client on Node 24. */
import { fileURLToPath } from 'node:url'
import { addToZip } from './zip.ts'

/** Register adapted functions with this runtime; handler and everything else stay as the template says. */
export const localRuntime = 'provided.al2023'

const bootstrap = fileURLToPath(new URL('bootstrap.ts', import.meta.url))

/** The package with a `bootstrap` added. Nothing that was packaged is changed. Throws TG2901 when it is no zip archive. */
export function adaptZip(zip: Uint8Array, node: string = process.execPath): Uint8Array {
  const script = `#!/bin/sh\nexec ${shellWord(node)} ${shellWord(bootstrap)}\n`
  return addToZip(zip, [{ name: 'bootstrap', bytes: Buffer.from(script), mode: 0o755 }])
}

const shellWord = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
