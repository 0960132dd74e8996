/** Operations on state machines. */
import type { Engine } from './engine.ts'
import { DefinitionRefused } from './errors.ts'
import type { Json } from './ports.ts'
import { ApiError, checkName, type Operation, type Request, seconds } from './protocol-request.ts'
import { type MachineRecord, machineArn } from './records.ts'

/** Kept and shown, without effect: logs and traces of the local cloud are its own. */
const SETTINGS = ['loggingConfiguration', 'tracingConfiguration', 'encryptionConfiguration']

export function machineOperations(engine: Engine): { [name: string]: Operation } {
  return {
    CreateStateMachine: (request) => create(engine, request),
    UpdateStateMachine: (request) => update(engine, request),
    DescribeStateMachine: (request) => describe(machineOf(engine, request.text('stateMachineArn'))),
    ListStateMachines: (request) =>
      request.page(
        'stateMachines',
        [...engine.store.machines.values()].sort((a, b) => a.name.localeCompare(b.name)),
        ({ arn, name, createdAt }) => ({
          stateMachineArn: arn,
          name,
          type: 'STANDARD',
          creationDate: seconds(createdAt),
        }),
      ),
    DeleteStateMachine: async (request) => {
      // Deleting what does not exist is a success.
      await engine.deleteMachine(request.text('stateMachineArn'))
      return {}
    },
  }
}

/** The machine, or the error that the service gives. */
export function machineOf(engine: Engine, arn: string): MachineRecord {
  const machine = engine.store.machines.get(arn)
  if (!machine) throw new ApiError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`)
  return machine
}

function create(engine: Engine, request: Request): { [key: string]: Json } {
  request.refuse('publish', 'versionDescription')
  const type = request.maybeText('type') ?? 'STANDARD'
  if (type !== 'STANDARD')
    throw new ApiError('StateMachineTypeNotSupported', `The local cloud runs STANDARD machines, not \`${type}\`.`)
  const name = checkName(request.text('name'))
  const record: MachineRecord = {
    arn: machineArn(engine.identity, name),
    name,
    definition: checked(engine, request.text('definition')),
    roleArn: request.text('roleArn'),
    createdAt: engine.ports.clock.now(),
    revisionId: engine.ports.uuid(),
    settings: settingsOf(request),
  }
  const existing = engine.store.machines.get(record.arn)
  if (existing) {
    // Creating the same machine again is a success (API reference, "CreateStateMachine").
    const same = existing.definition === record.definition && isEqual(existing.settings, record.settings)
    if (!same) throw new ApiError('StateMachineAlreadyExists', `State Machine Already Exists: '${record.arn}'`)
    return { stateMachineArn: existing.arn, creationDate: seconds(existing.createdAt) }
  }
  engine.store.put({ kind: 'machine', record })
  return { stateMachineArn: record.arn, creationDate: seconds(record.createdAt) }
}

function update(engine: Engine, request: Request): { [key: string]: Json } {
  request.refuse('publish', 'versionDescription')
  const old = machineOf(engine, request.text('stateMachineArn'))
  const definition = request.maybeText('definition')
  const changed = settingsOf(request)
  const roleArn = request.maybeText('roleArn')
  if (definition === undefined && roleArn === undefined && Object.keys(changed).length === 0)
    throw new ApiError(
      'MissingRequiredParameter',
      'Either the definition, the role ARN or a configuration must be given.',
    )
  const record: MachineRecord = {
    ...old,
    definition: definition === undefined ? old.definition : checked(engine, definition),
    roleArn: roleArn ?? old.roleArn,
    settings: { ...old.settings, ...changed },
    revisionId: engine.ports.uuid(),
  }
  engine.store.put({ kind: 'machine', record })
  return { updateDate: seconds(engine.ports.clock.now()), revisionId: record.revisionId }
}

const describe = (machine: MachineRecord): { [key: string]: Json } => ({
  stateMachineArn: machine.arn,
  name: machine.name,
  status: 'ACTIVE',
  type: 'STANDARD',
  definition: machine.definition,
  roleArn: machine.roleArn,
  creationDate: seconds(machine.createdAt),
  revisionId: machine.revisionId,
  ...machine.settings,
})

const settingsOf = (request: Request): { [name: string]: Json } =>
  Object.fromEntries(SETTINGS.map((name) => [name, request.value(name)]).filter(([, value]) => value !== undefined))

const isEqual = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

function checked(engine: Engine, definition: string): string {
  try {
    engine.load(definition)
    return definition
  } catch (error) {
    if (error instanceof DefinitionRefused)
      throw new ApiError('InvalidDefinition', `Invalid State Machine Definition: '${error.message}'`)
    throw error
  }
}
