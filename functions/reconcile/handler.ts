/** Lands what no event announced, and counts waiting files whose object is gone. */
import { reconcileInput } from '../../shared/contracts/reconcile.ts'
import { reconcilePart } from '../../shared/reconcile/reconcile-part.ts'
import { reconcilePorts } from '../_shared/ports.ts'
import { stepHandler } from '../_shared/step-handler.ts'

export const handler = stepHandler('reconcile', reconcileInput, reconcilePorts, reconcilePart)
