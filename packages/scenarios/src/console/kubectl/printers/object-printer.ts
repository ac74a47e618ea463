/**
 * -o for objects: json, yaml, name, jsonpath, go-template, custom-columns; and the one line of a command without -o: `service/nginx created`.
 * Follows ToPrinter in cli-runtime/pkg/genericclioptions/print_flags.go and kubectl/pkg/cmd/get/get_flags.go.
 */
import { wordOf } from '../json-object.js'
import * as E from 'fp-ts/lib/Either.js'
import { isJsonObject, type Json, type JsonObject } from '@statefold/core'
import type { Call } from '../command.js'
import { fail } from '../errors.js'
import { executeJsonPath, findByJsonPath, parseJsonPath } from '../json-path.js'
import { customColumnsText, parseCustomColumns, parseCustomColumnsFile } from './custom-columns.js'
import { executeGoTemplate } from './go-template.js'
import { indentedJson } from './json-printer.js'
import { kyamlText } from './kyaml-printer.js'
import { yamlText } from './yaml-printer.js'

/** Prints one object, or one List. */
export type ObjectPrinter = (object: Json) => string

const formats = [
  'json',
  'yaml',
  'kyaml',
  'name',
  'go-template',
  'go-template-file',
  'template',
  'templatefile',
  'jsonpath',
  'jsonpath-as-json',
  'jsonpath-file',
] as const
const allowedForGet = [...formats, 'custom-columns', 'custom-columns-file', 'wide'].sort((a, b) => (a < b ? -1 : 1)).join(',')
const allowedForOthers = [...formats].sort((a, b) => (a < b ? -1 : 1)).join(',')

const itemsOf = (object: Json): readonly Json[] =>
  isJsonObject(object) && Array.isArray(object['items']) && wordOf(object['kind']).endsWith('List')
    ? (object['items'] as readonly Json[])
    : [object]

const kindWordOfObject = (object: JsonObject): string => {
  const apiVersion = wordOf(object['apiVersion'])
  const kind = wordOf(object['kind']).toLowerCase()
  const slash = apiVersion.indexOf('/')
  return slash < 0 ? kind : `${kind}.${apiVersion.slice(0, slash)}`
}

const nameOfObject = (object: JsonObject): string => {
  const metadata = object['metadata']
  const name = isJsonObject(metadata) ? metadata['name'] : undefined
  return typeof name === 'string' && name !== '' ? name : '<unknown>'
}

/** `pod/web-0`, or `pod/web-0 created` */
export const nameLine = (object: Json, operation = ''): string =>
  isJsonObject(object) ? `${kindWordOfObject(object)}/${nameOfObject(object)}${operation === '' ? '' : ` ${operation}`}\n` : ''

const withoutManagedFields = (object: Json): Json => {
  if (!isJsonObject(object)) return object
  if (Array.isArray(object['items'])) return { ...object, items: (object['items'] as readonly Json[]).map(withoutManagedFields) }
  const metadata = object['metadata']
  if (!isJsonObject(metadata) || metadata['managedFields'] === undefined) return object
  const { managedFields: _dropped, ...rest } = metadata
  return { ...object, metadata: rest }
}

const templateText = (call: Call, format: string, value: string): string => {
  const template = value === '' ? call.flags.text('template') : value
  if (template === '') return fail('template format specified but no template given')
  if (!format.endsWith('file')) return template
  return call.cluster.readFile(template) ?? fail(`error reading --template ${template}, open ${template}: no such file or directory`)
}

/** The printer that -o asks for; undefined when it asks for none, or for a table. */
export const objectPrinterOf = (call: Call, forGet = false): ObjectPrinter | undefined => {
  const { flags } = call
  const asked = flags.text('output')
  const output = asked === '' && flags.text('template') !== '' ? 'go-template' : asked
  if (output === '' || (forGet && output === 'wide')) return undefined
  const equals = output.indexOf('=')
  const [format, value] = equals < 0 ? [output, ''] : [output.slice(0, equals), output.slice(equals + 1)]
  const keepManaged = flags.on('show-managed-fields')
  const shown = (object: Json): Json => (keepManaged ? object : withoutManagedFields(object))
  const allowMissing = flags.on('allow-missing-template-keys')
  switch (format) {
    case 'json':
      return (object) => `${indentedJson(shown(object))}\n`
    case 'yaml': {
      let count = 0
      return (object) => {
        count += 1
        return `${count > 1 ? '---\n' : ''}${yamlText(shown(object))}`
      }
    }
    case 'kyaml':
      return (object) => kyamlText(shown(object))
    case 'name':
      return (object) =>
        itemsOf(object)
          .map((item) => nameLine(item))
          .join('')
    case 'jsonpath':
    case 'jsonpath-file':
    case 'jsonpath-as-json': {
      const text = templateText(call, format, value)
      const parsed = parseJsonPath(text)
      if (E.isLeft(parsed)) return fail(`error parsing jsonpath ${text}, ${parsed.left}`)
      const template = parsed.right
      return (object) => {
        if (format === 'jsonpath-as-json') {
          const found = findByJsonPath(template, object, allowMissing)
          return E.isLeft(found)
            ? fail(`error executing jsonpath ${JSON.stringify(text)}: ${found.left}`)
            : `${indentedJson(found.right.flat())}\n`
        }
        const result = executeJsonPath(template, object, allowMissing)
        return E.isLeft(result)
          ? fail(
              `error executing jsonpath ${JSON.stringify(text)}: Error executing template: ${result.left}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t${text}\n`,
            )
          : result.right
      }
    }
    case 'go-template':
    case 'go-template-file':
    case 'template':
    case 'templatefile': {
      const text = templateText(call, format, value)
      return (object) => {
        const result = executeGoTemplate(text, object)
        if (E.isRight(result)) return result.right
        // Parsing fails before there is anything to print.
        return result.left === 'unclosed action'
          ? fail(`error parsing template ${text}, template: output:1: ${result.left}`)
          : fail(`error executing template ${JSON.stringify(text)}: ${result.left}`)
      }
    }
    case 'custom-columns':
    case 'custom-columns-file': {
      if (!forGet) break
      const columns =
        format === 'custom-columns'
          ? parseCustomColumns(value)
          : parseCustomColumnsFile(
              call.cluster.readFile(value) ?? fail(`error reading template ${value}, open ${value}: no such file or directory`),
            )
      let printed = false
      return (object) => {
        const text = customColumnsText(columns, itemsOf(object), !printed && !flags.on('no-headers'))
        printed = true
        return text
      }
    }
    default:
      break
  }
  return fail(
    `unable to match a printer suitable for the output format ${JSON.stringify(output)}, allowed formats are: ${forGet ? allowedForGet : allowedForOthers}`,
  )
}

const dryRunWords: Readonly<Record<string, string>> = { client: ' (dry run)', server: ' (server dry run)' }

/** How a changing command says what it did: by -o, or `kind/name operation`. */
export const changePrinterOf = (call: Call, operation: string, dryRun: string): ((object: Json) => void) => {
  const printer = objectPrinterOf(call)
  const words = `${operation}${dryRunWords[dryRun] ?? ''}`
  return (object) => {
    call.output.stdout(printer === undefined ? nameLine(object, words) : printer(object))
  }
}
