/** kubectl version, api-resources, api-versions and cluster-info: what there is to know of client and server. */
import { allResources, apiVersionOf, type ApiResource, type JsonObject } from '@statefold/core'
import { atOnce, type Call, type Command } from './command.js'
import { fail } from './errors.js'
import { commaList, switchFlag, text } from './flags.js'
import { indentedJson } from './printers/json-printer.js'
import { alignTabs, tableOptions } from './printers/tab-writer.js'
import { yamlText } from './printers/yaml-printer.js'

const clientVersion = 'v1.36.3'
const kustomizeVersion = 'v5.8.1'

const serverVersionInfo = (version: string): JsonObject => {
  const [major = '', minor = ''] = version.replace(/^v/, '').split('.')
  return {
    buildDate: '',
    compiler: 'gc',
    gitCommit: '',
    gitTreeState: 'clean',
    gitVersion: version,
    goVersion: '',
    major,
    minor,
    platform: 'linux/amd64',
  }
}

/** What only a server says: which older versions it can stand in for. */
const serverOnly = (version: string): JsonObject => {
  const [major = '', minor = ''] = version.replace(/^v/, '').split('.')
  return { emulationMajor: major, emulationMinor: minor, minCompatibilityMajor: major, minCompatibilityMinor: String(Number(minor) - 1) }
}

export const versionOfServer = (version: string): JsonObject => ({ ...serverVersionInfo(version), ...serverOnly(version) })

const version = (call: Call): number => {
  const { flags, output, cluster } = call
  const format = flags.text('output')
  const withServer = !flags.on('client')
  if (format === '') {
    output.stdout(
      `Client Version: ${clientVersion}\nKustomize Version: ${kustomizeVersion}\n${withServer ? `Server Version: ${cluster.serverVersion}\n` : ''}`,
    )
    return 0
  }
  const all = {
    clientVersion: serverVersionInfo(clientVersion),
    kustomizeVersion,
    ...(withServer ? { serverVersion: versionOfServer(cluster.serverVersion) } : {}),
  }
  if (format === 'json') output.stdout(`${indentedJson(all, '  ')}\n`)
  else if (format === 'yaml') output.stdout(`${yamlText(all)}\n`)
  else return fail("--output must be 'yaml' or 'json'")
  return 0
}

/** Each resource once, in its preferred version. */
const preferred = (): readonly ApiResource[] =>
  allResources.filter(
    (resource, index) => allResources.findIndex((other) => other.plural === resource.plural && other.group === resource.group) === index,
  )

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const apiResources = (call: Call): number => {
  const { flags, output } = call
  const format = flags.text('output')
  if (format !== '' && format !== 'wide' && format !== 'name') return fail(`--output ${format} is not available`)
  const sortBy = flags.text('sort-by')
  if (sortBy !== '' && sortBy !== 'name' && sortBy !== 'kind') return fail('--sort-by accepts only name or kind')
  const chosen = preferred().filter(
    (resource) =>
      (!flags.given('api-group') || resource.group === flags.text('api-group')) &&
      (!flags.given('namespaced') || resource.namespaced === flags.on('namespaced')) &&
      flags.list('verbs').every((verb) => resource.verbs.includes(verb)) &&
      flags.list('categories').every((category) => resource.categories.includes(category)),
  )
  // Follows sortableResource in kubectl/pkg/cmd/apiresources/apiresources.go: by group first, unless told otherwise.
  const sorted = [...chosen].sort((a, b) =>
    sortBy === 'kind'
      ? byText(a.kind, b.kind)
      : sortBy === 'name'
        ? byText(a.plural, b.plural)
        : byText(a.group, b.group) || byText(a.plural, b.plural),
  )
  if (format === 'name') {
    output.stdout(sorted.map((resource) => `${resource.plural}${resource.group === '' ? '' : `.${resource.group}`}\n`).join(''))
    return 0
  }
  const wide = format === 'wide'
  const rows = sorted.map((resource) =>
    [
      resource.plural,
      resource.shortNames.join(','),
      apiVersionOf(resource),
      String(resource.namespaced),
      resource.kind,
      ...(wide ? [resource.verbs.join(','), resource.categories.join(',')] : []),
    ].join('\t'),
  )
  const header = ['NAME', 'SHORTNAMES', 'APIVERSION', 'NAMESPACED', 'KIND', ...(wide ? ['VERBS', 'CATEGORIES'] : [])].join('\t')
  output.stdout(`${alignTabs((flags.on('no-headers') ? rows : [header, ...rows]).join('\n'), tableOptions)}\n`)
  return 0
}

const apiVersions = (call: Call): number => {
  call.output.stdout(
    [...new Set(allResources.map(apiVersionOf))]
      .sort(byText)
      .map((line) => `${line}\n`)
      .join(''),
  )
  return 0
}

const clusterInfo = (call: Call): number => {
  call.output.stdout(
    "Kubernetes control plane is running at https://127.0.0.1:6443\n\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n",
  )
  return 0
}

export const informationCommands: readonly Command[] = [
  { name: 'version', flags: [switchFlag('client'), text('output', 'o')], run: atOnce(version) },
  {
    name: 'api-resources',
    flags: [
      text('api-group'),
      switchFlag('namespaced', undefined, 'true'),
      commaList('verbs'),
      commaList('categories'),
      text('sort-by'),
      text('output', 'o'),
      switchFlag('no-headers'),
      switchFlag('cached'),
    ],
    run: atOnce(apiResources),
  },
  { name: 'api-versions', flags: [], run: atOnce(apiVersions) },
  { name: 'cluster-info', flags: [], run: atOnce(clusterInfo) },
]
