/** Finds and loads a function's handler by `_HANDLER`, with the error names of AWS's Node runtime. */
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

export type Handler = (event: unknown, context: unknown) => unknown

/** A failed load; its name is what AWS reports as `errorType`. */
class LoadError extends Error {
  constructor(type: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = type
  }
}

const extensions = ['', '.js', '.mjs', '.cjs'] // the order in which AWS tries them

/**
 * `functions/file-manager/handler.handler` → the export `handler` of `functions/file-manager/handler.{js,mjs,cjs}` below `root`.
 * Throws Runtime.MalformedHandlerName, Runtime.ImportModuleError, Runtime.UserCodeSyntaxError, Runtime.HandlerNotFound, or
 * whatever the module threw while it was evaluated.
 */
export async function loadHandler(root: string, name: string): Promise<Handler> {
  const parts = /^(?<module>(?:.*\/)?[^./][^/]*?)\.(?<path>[^/]+)$/.exec(name)?.groups
  if (parts?.module === undefined || parts.path === undefined || name.includes('..')) {
    throw new LoadError('Runtime.MalformedHandlerName', `Bad handler \`${name}\``)
  }
  const file = extensions
    .map((extension) => resolve(root, `${parts.module}${extension}`))
    .find((path) => existsSync(path))
  if (file === undefined) {
    throw new LoadError(
      'Runtime.ImportModuleError',
      `Error: Cannot find module '${join(dirname(parts.module), parts.module)}'`,
    )
  }
  const loaded = await importModule(file)
  const found = exportOf(loaded, parts.path) ?? exportOf((loaded as { default?: unknown }).default, parts.path)
  if (!found) throw new LoadError('Runtime.HandlerNotFound', `${name} is undefined or not exported`)
  if (typeof found !== 'function') throw new LoadError('Runtime.HandlerNotFound', `${name} is not a function`)
  return found as Handler
}

const exportOf = (module: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], module)

async function importModule(file: string): Promise<unknown> {
  try {
    return await import(pathToFileURL(file).href)
  } catch (cause) {
    if (cause instanceof SyntaxError)
      throw new LoadError('Runtime.UserCodeSyntaxError', `SyntaxError: ${cause.message}`, cause)
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    // What `require` misses; what an `import` misses (ERR_MODULE_NOT_FOUND) AWS's client hands on as it is.
    if (cause instanceof Error && code === 'MODULE_NOT_FOUND')
      throw new LoadError('Runtime.ImportModuleError', `Error: ${cause.message}`, cause)
    throw cause
  }
}
