/** The Spark job as two files on S3: its script, and its library with the one package that the cluster does not have. */
const { createHash } = require('node:crypto')
const { existsSync, readdirSync, readFileSync } = require('node:fs')
const { join, relative, sep } = require('node:path')
const { zip } = require('./zip.cjs')

const root = join(__dirname, '..')
const jobDir = join(root, 'spark-jobs')

/** @typedef {{key: string, bytes: Buffer, contentType: string}} JobFile */

/** Script and library as the repository has them now. @returns {[Buffer, Buffer]} */
const built = () => [readFileSync(join(jobDir, 'main.py')), zip([...own(), ...fastjsonschema()])]

/**
 * Both files with their keys in the deployment bucket. A key holds the hash of both: a deployed job never changes under a
 * run, and an unchanged one is not uploaded again. They lie below osls's own prefix, so that `osls remove` takes them along.
 * @param {string} deployment `<service>/<stage>`
 * @param {[Buffer, Buffer]} contents script and library
 * @returns {{prefix: string, script: JobFile, library: JobFile}}
 */
function jobFiles(deployment, [script, library] = built()) {
  const hash = createHash('sha256').update(script).update(library).digest('hex').slice(0, 32)
  const prefix = `serverless/${deployment}/job/`
  return {
    prefix,
    script: { key: `${prefix}${hash}/main.py`, bytes: script, contentType: 'text/x-python' },
    library: { key: `${prefix}${hash}/tidegate_job.zip`, bytes: library, contentType: 'application/zip' },
  }
}

const own = () =>
  readdirSync(join(jobDir, 'tidegate_job'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(py|json)$/.test(entry.name))
    .map((entry) => fileAt(jobDir, join(entry.parentPath ?? entry.path, entry.name)))

const fileAt = (base, path) => ({ name: relative(base, path).split(sep).join('/'), bytes: readFileSync(path) })

/** The files of the pinned pure-Python package, each checked against the hash that pip recorded at its installation. */
function fastjsonschema() {
  const version = /^fastjsonschema==(\S+)/m.exec(readFileSync(join(jobDir, 'requirements.txt'), 'utf8'))?.[1]
  const site = sitePackages(version)
  const rows = readFileSync(join(site, `fastjsonschema-${version}.dist-info`, 'RECORD'), 'utf8').split('\n')
  return rows.flatMap((row) => {
    const [, name, hash] = /^([^,]+),sha256=([^,]+),/.exec(row) ?? []
    if (name === undefined || !/^fastjsonschema\/.*\.py$|\.dist-info\/.*LICENSE$/.test(name)) return []
    const bytes = readFileSync(join(site, name))
    const actual = createHash('sha256').update(bytes).digest('base64url')
    if (actual !== hash)
      throw new Error(
        `TG1611: \`${name}\` in .venv is not what pip installed. Remove .venv and run \`npm test\` or \`npm run demo\` once.`,
      )
    return [{ name, bytes }]
  })
}

function sitePackages(version) {
  const lib = join(root, '.venv', 'lib')
  const found = (existsSync(lib) ? readdirSync(lib) : [])
    .map((python) => join(lib, python, 'site-packages'))
    .find((site) => existsSync(join(site, `fastjsonschema-${version}.dist-info`)))
  if (found === undefined)
    throw new Error(
      `TG1610: fastjsonschema \`${version}\` of spark-jobs/requirements.txt is not in .venv. Run \`npm run package\`, which sets it up.`,
    )
  return found
}

module.exports = { jobFiles }
