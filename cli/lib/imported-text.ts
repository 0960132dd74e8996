/** The text of a configuration file that was made from other people's manifests. */
import { Document } from 'yaml'
import type { Imported } from '../../shared/config/odp/from-manifests.ts'
import { shown } from '../../shared/files/shown.ts'

export interface ImportedText {
  readonly text: string
  /** Line numbers of what is to be filled in, from 1. */
  readonly fillIn: readonly number[]
}

const FILL_IN = '# FILL IN: how often, such as `10 minutes`'

/** `files`: names of what was read. */
export function importedText({ config, notes }: Imported, files: readonly string[]): ImportedText {
  const { sources, cadences, defaults, tables } = config
  const lines = [
    '# yaml-language-server: $schema=./tidegate.schema.json',
    `# Written by \`tidegate config import\` from ${shown(files.join(', '))}.`,
    ...notes.map((note) => `# Note: ${note}`),
    '',
    ...section('sources', sources),
    '',
    ...section('cadences', cadences).map((line) => (/\bevery: ""/.test(line) ? `${line} ${FILL_IN}` : line)),
    '',
    ...(defaults && defaults.length > 0 ? [...blocks(defaults), ''] : []),
    ...section('tables', tables ?? {}),
  ]
  const fillIn = lines.flatMap((line, index) => (line.endsWith(FILL_IN) ? [index + 1] : []))
  return { text: `${lines.join('\n')}\n`, fillIn }
}

/** One entry a line. */
function section(name: string, entries: object): string[] {
  const document = new Document({ [name]: {} })
  for (const [key, value] of Object.entries(entries)) {
    const node = document.createNode(value, { flow: true })
    document.setIn([name, document.createNode(key)], node)
  }
  return linesOf(document)
}

const blocks = (defaults: readonly object[]): string[] => linesOf(new Document({ defaults }))

const linesOf = (document: Document): string[] =>
  document.toString({ lineWidth: 0, flowCollectionPadding: true }).trimEnd().split('\n')
