/** Our part of packaging and deploying: puts the Spark job's files beside the template, and uploads them before the stack changes. */
const { mkdirSync, writeFileSync } = require('node:fs')
const { join } = require('node:path')
const { jobFiles } = require('./job-files.cjs')

class SparkJobFiles {
  constructor(serverless) {
    this.serverless = serverless
    this.aws = serverless.getProvider('aws')
    this.hooks = {
      'after:package:finalize': () => this.write(),
      'before:aws:deploy:deploy:uploadArtifacts': () => this.upload(),
    }
  }

  files() {
    const { script, library } = jobFiles(`${this.serverless.service.service}/${this.aws.getStage()}`)
    return [script, library]
  }

  /** `.serverless/job/main.py` and `.serverless/job/tidegate_job.zip`: the package is complete without the repository. */
  write() {
    const folder = join(this.serverless.serviceDir, '.serverless', 'job')
    mkdirSync(folder, { recursive: true })
    for (const { key, bytes } of this.files()) writeFileSync(join(folder, key.split('/').at(-1)), bytes)
  }

  async upload() {
    if (this.serverless.service.provider.shouldNotDeploy) return
    const { S3Client, PutObjectCommand } = require('@aws-sdk/client-s3')
    const s3 = new S3Client(await this.aws.getAwsSdkV3Config())
    const Bucket = await this.aws.getServerlessDeploymentBucketName()
    for (const { key, bytes, contentType } of this.files())
      await s3.send(new PutObjectCommand({ Bucket, Key: key, Body: bytes, ContentType: contentType }))
    s3.destroy()
  }
}

module.exports = SparkJobFiles
