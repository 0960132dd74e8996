/** The thread of one worker: plays its share, and posts each part. */
import { parentPort, workerData } from 'node:worker_threads'
import { playShare, type Share } from './play.ts'

await playShare(workerData as Share, (part) => parentPort?.postMessage(part))
