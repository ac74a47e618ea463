/** Commands of kubectl that are not here, each with its reason, so that nobody takes a refusal for a mistake of their own. */
import { atOnce, type Command } from './command.js'
import { fail } from './errors.js'

const reasons: Readonly<Record<string, string>> = {
  proxy: 'there is no network server here',
  debug: 'ephemeral containers are not simulated',
  kustomize: 'name plain manifests with -f',
  certificate: 'certificates are not simulated',
  completion: 'completion belongs to a real shell',
  plugin: 'there are no plugins here',
  alpha: 'there are no experimental commands here',
}

const refused = (name: string, text: string): Command => ({ name, flags: [], run: atOnce(() => fail(text)) })

export const refusedCommands: readonly Command[] = [
  ...Object.entries(reasons).map(([name, reason]) => refused(name, `kubectl ${name} is not supported here: ${reason}`)),
  ...['reconcile'].map((name) => refused(`auth ${name}`, `kubectl auth ${name} is not supported here: roles are stored, not simulated`)),
  refused('cluster-info dump', 'kubectl cluster-info dump is not supported here: list what you need with kubectl get -A -o yaml'),
  refused('create token', 'kubectl create token is not supported here: nobody signs tokens'),
  // What kubectl says where no metrics server is installed.
  ...['node', 'nodes', 'no', 'pod', 'pods', 'po'].map((name) => ({
    ...refused(`top ${name}`, 'Metrics API not available'),
    isAlias: name !== 'node' && name !== 'pod',
  })),
]
/** Their words are never read as flags or arguments. */
export const isRefused = (name: string): boolean => refusedCommands.some((command) => command.name === name && !name.startsWith('top '))
