/** Our part of packaging and deploying: puts the Spark job's files beside the template, and uploads them before the stack changes. */
const { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join, resolve } = require('node:path')
const { jobFiles } = require('./job-files.cjs')

class SparkJobFiles {
  constructor(serverless, options) {
    this.serverless = serverless
    this.options = options
    this.aws = serverless.getProvider('aws')
    useOwnTemporaryFolder()
    this.hooks = {
      'after:package:finalize': () => this.write(),
      'before:aws:deploy:deploy:uploadArtifacts': () => this.upload(),
      // serverless-esbuild 1.57.2 leaves esbuild's service running when a build fails, and osls would then never end.
      error: () => require('esbuild').stop(),
    }
  }

  /** `job` in `.serverless`, or in what `--package` names: the package is complete without the repository. */
  folder() {
    const { serviceDir, service } = this.serverless
    return resolve(serviceDir, this.options.package ?? service.package.path ?? '.serverless', 'job')
  }

  deployment() {
    return `${this.serverless.service.service}/${this.aws.getStage()}`
  }

  write() {
    const { script, library } = jobFiles(this.deployment())
    mkdirSync(this.folder(), { recursive: true })
    writeFileSync(join(this.folder(), 'main.py'), script.bytes)
    writeFileSync(join(this.folder(), 'tidegate_job.zip'), library.bytes)
  }

  async upload() {
    if (this.serverless.service.provider.shouldNotDeploy) return
    const packaged = ['main.py', 'tidegate_job.zip'].map((name) => readFileSync(join(this.folder(), name)))
    const { script, library } = jobFiles(this.deployment(), packaged)
    const { S3Client, PutObjectCommand } = require('@aws-sdk/client-s3')
    const s3 = new S3Client(await this.aws.getAwsSdkV3Config())
    const Bucket = await this.aws.getServerlessDeploymentBucketName()
    for (const { key, bytes, contentType } of [script, library])
      await s3.send(new PutObjectCommand({ Bucket, Key: key, Body: bytes, ContentType: contentType }))
    s3.destroy()
  }
}

/** serverless-esbuild 1.57.2 copies each function into the temporary folder, and can't remove what is not empty: in ours it goes when we do. */
function useOwnTemporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-packager-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  process.env.TMPDIR = folder
  process.on('exit', remove)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.once(signal, () => {
      remove()
      process.kill(process.pid, signal)
    })
}

module.exports = SparkJobFiles
