/**
 * kubectl config: there is one cluster and one context, and what can change is the context's namespace. Follows kubectl/pkg/cmd/config.
 */
import type { JsonObject } from '@statefold/core'
import { atOnce, outputFlags, type Call, type Command } from './command.js'
import { fail } from './errors.js'
import { switchFlag, text } from './flags.js'
import { objectPrinterOf } from './printers/object-printer.js'
import { alignTabs, tableOptions } from './printers/tab-writer.js'
import { yamlText } from './printers/yaml-printer.js'

/** The name of cluster, user and context. */
export const contextName = 'statefold'

const unsupported =
  'there is one cluster and one context here; choose a namespace with kubectl config set-context --current --namespace=NAME'

const namespaceOf = ({ cluster }: Call): string => cluster.context?.namespace() ?? ''

const currentContext = (call: Call): number => {
  call.output.stdout(`${contextName}\n`)
  return 0
}

const getContexts = (call: Call): number => {
  const { flags, output, words } = call
  const missing = words.filter((word) => word !== contextName)
  const isShown = words.length === 0 || words.includes(contextName)
  const isNameOnly = flags.text('output') === 'name'
  if (flags.text('output') !== '' && !isNameOnly) return fail(`output must be one of '' or 'name': ${flags.text('output')}`)
  const row = isNameOnly ? contextName : `*\t${contextName}\t${contextName}\t${contextName}\t${namespaceOf(call)}`
  const header = isNameOnly || flags.on('no-headers') ? [] : ['CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE']
  output.stdout(`${alignTabs([...header, ...(isShown ? [row] : [])].join('\n'), tableOptions)}\n`)
  return missing.length === 0 ? 0 : fail(missing.map((name) => `context ${name} not found`).join('\n'))
}

const names = (call: Call): number => {
  call.output.stdout(`NAME\n${contextName}\n`)
  return 0
}

/** Certificates are left out, as kubectl does without --raw. */
const configuration = (call: Call): JsonObject => {
  const namespace = namespaceOf(call)
  return {
    apiVersion: 'v1',
    clusters: [{ cluster: { 'certificate-authority-data': 'DATA+OMITTED', server: 'https://127.0.0.1:6443' }, name: contextName }],
    contexts: [{ context: { cluster: contextName, ...(namespace === '' ? {} : { namespace }), user: contextName }, name: contextName }],
    'current-context': contextName,
    kind: 'Config',
    users: [{ name: contextName, user: { 'client-certificate-data': 'DATA+OMITTED', 'client-key-data': 'DATA+OMITTED' } }],
  }
}

const view = (call: Call): number => {
  if (call.words.length > 0) return fail(`unexpected arguments: [${call.words.join(' ')}]`)
  const printer = objectPrinterOf(call) ?? yamlText
  call.output.stdout(printer(configuration(call)))
  return 0
}

const useContext = (call: Call): number => {
  const [name, ...more] = call.words
  if (name === undefined || more.length > 0) return fail(`unexpected args: [${call.words.join(' ')}]`)
  if (name !== contextName) return fail(`no context exists with the name: ${JSON.stringify(name)}`)
  call.output.stdout(`Switched to context ${JSON.stringify(name)}.\n`)
  return 0
}

const choose = ({ cluster }: Call, namespace: string): void => {
  if (cluster.context === undefined) fail(`kubectl config is not supported here: ${unsupported}`)
  cluster.context?.setNamespace(namespace)
}

const setContext = (call: Call): number => {
  const { flags, output, words } = call
  const [name] = words
  if (words.length > 1 || (name === undefined && !flags.on('current'))) return fail(`unexpected args: [${words.join(' ')}]`)
  if (name !== undefined && flags.on('current')) return fail('you cannot specify both a context name and --current')
  if ((name ?? contextName) !== contextName) return fail(`kubectl config set-context ${name ?? ''} is not supported here: ${unsupported}`)
  for (const field of ['cluster', 'user']) {
    const wanted = flags.text(field)
    if (wanted !== '' && wanted !== contextName) return fail(`kubectl config set-context --${field} is not supported here: ${unsupported}`)
  }
  if (flags.given('namespace')) choose(call, flags.text('namespace'))
  output.stdout(`Context ${JSON.stringify(contextName)} modified.\n`)
  return 0
}

const namespaceProperty = `contexts.${contextName}.namespace`

const setProperty = (call: Call): number => {
  const [property, value, ...more] = call.words
  if (property === undefined || value === undefined || more.length > 0) return fail(`unexpected args: [${call.words.join(' ')}]`)
  if (property !== namespaceProperty) return fail(`kubectl config set ${property} is not supported here: ${unsupported}`)
  choose(call, value)
  call.output.stdout(`Property ${JSON.stringify(property)} set.\n`)
  return 0
}

const unsetProperty = (call: Call): number => {
  const [property, ...more] = call.words
  if (property === undefined || more.length > 0) return fail(`unexpected args: [${call.words.join(' ')}]`)
  if (property !== namespaceProperty) return fail(`kubectl config unset ${property} is not supported here: ${unsupported}`)
  choose(call, '')
  call.output.stdout(`Property ${JSON.stringify(property)} unset.\n`)
  return 0
}

const refused = (name: string): Command => ({
  name: `config ${name}`,
  flags: [switchFlag('all')],
  run: atOnce(() => fail(`kubectl config ${name} is not supported here: ${unsupported}`)),
})

export const configCommands: readonly Command[] = [
  { name: 'config current-context', flags: [], run: atOnce(currentContext) },
  refused('delete-cluster'),
  refused('delete-context'),
  refused('delete-user'),
  { name: 'config get-clusters', flags: [], run: atOnce(names) },
  { name: 'config get-contexts', flags: [text('output', 'o'), switchFlag('no-headers')], run: atOnce(getContexts) },
  { name: 'config get-users', flags: [], run: atOnce(names) },
  refused('rename-context'),
  { name: 'config set', flags: [switchFlag('set-raw-bytes')], run: atOnce(setProperty) },
  refused('set-cluster'),
  { name: 'config set-context', flags: [switchFlag('current')], run: atOnce(setContext) },
  refused('set-credentials'),
  { name: 'config unset', flags: [], run: atOnce(unsetProperty) },
  { name: 'config use-context', flags: [], run: atOnce(useContext) },
  {
    name: 'config view',
    flags: [...outputFlags, switchFlag('minify'), switchFlag('flatten'), switchFlag('raw'), text('merge')],
    run: atOnce(view),
  },
]
