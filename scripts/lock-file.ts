/** What makes package-lock.json unfit for a fresh machine, although `npm install` wrote it and this machine is content with it. */

interface LockFile {
  readonly packages: Readonly<
    Record<
      string,
      { version?: string; integrity?: string; link?: boolean; optionalDependencies?: Record<string, string> }
    >
  >
}

/** One line a fault: an entry without integrity hash; an optional dependency (a platform's binary) without entry, for which `npm ci` refuses the file. */
export function lockFileFaults({ packages }: LockFile): string[] {
  const entries = Object.entries(packages).filter(([path]) => path !== '')
  const names = new Set(entries.map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)))
  const unhashed = entries
    .filter(([, { integrity, link }]) => !integrity && !link)
    .map(([path]) => `\`${path}\` has no integrity hash`)
  const absent = entries.flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !names.has(name))
      .map(
        (name) =>
          `\`${path}\` may need \`${name}\` on another platform, and it has no entry: pin a version that has all its platforms`,
      ),
  )
  return [...unhashed, ...absent]
}
