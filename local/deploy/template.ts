/** A compiled CloudFormation template, as far as the local deployment reads it. */
export interface Template {
  Resources: Record<string, Resource>
  Outputs?: Record<string, { Value: unknown; Description?: string; Export?: unknown }>
  Conditions?: Record<string, unknown>
  [section: string]: unknown
}

export interface Resource {
  Type: string
  Properties: Properties
  DependsOn?: string | string[]
  DeletionPolicy?: string
  UpdateReplacePolicy?: string
}

// biome-ignore lint/suspicious/noExplicitAny: properties are whatever the resource's type says
export type Properties = Record<string, any>

/** Resources of one type, each with its logical id. */
export const ofType = (template: Template, type: string): [string, Resource][] =>
  Object.entries(template.Resources).filter(([, resource]) => resource.Type === type)
