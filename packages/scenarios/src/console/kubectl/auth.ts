/** kubectl auth can-i and whoami. There is no authorization here: the administrator asks. Follows kubectl/pkg/cmd/auth. */
// Differs from Kubernetes: everything is allowed to everybody; what roles say is not looked at.
import { resourceOfName } from '@statefold/core'
import { atOnce, outputFlags, type Call, type Command } from './command.js'
import { fail } from './errors.js'
import { switchFlag, text } from './flags.js'
import { objectPrinterOf } from './printers/object-printer.js'
import { alignTabs, describeOptions, tableOptions } from './printers/tab-writer.js'

const verbs: ReadonlySet<string> = new Set(
  'get put list watch create update patch delete deletecollection use bind impersonate escalate approve sign * proxy'.split(' '),
)

const refuseOthers = ({ flags, path }: Call): void => {
  if (flags.text('as') !== '')
    fail(`${path} --as is not supported here: roles are stored, not simulated, and everything is allowed to everybody`)
}

const list = (call: Call): number => {
  const header = call.flags.on('no-headers') ? '' : 'Resources\tNon-Resource URLs\tResource Names\tVerbs\n'
  call.output.stdout(alignTabs(`${header}*.*\t[]\t[]\t[*]\n\t[*]\t[]\t[*]\n`, tableOptions))
  return 0
}

const canI = (call: Call): number => {
  const { flags, output, words } = call
  refuseOthers(call)
  if (flags.on('list')) return words.length > 0 ? fail('list option must be specified with no arguments') : list(call)
  const [verb, written] = words
  if (verb === undefined || words.length > 3 || (written === undefined && words.length < 2))
    return fail(
      "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.",
    )
  const say = (warning: string): void => output.stderr(`Warning: ${warning}\n`)
  if (written !== undefined && !written.startsWith('/')) {
    if (!verbs.has(verb)) say(`verb '${verb}' is not a known verb\n`)
    const [name = ''] = written.split('/')
    const type = resourceOfName(name)
    if (type === undefined && name !== '*') say(`the server doesn't have a resource type '${name}'\n`)
    else if (type !== undefined && !type.namespaced && !flags.on('all-namespaces'))
      say(`resource '${type.plural}' is not namespace scoped${type.group === '' ? '' : ` in group '${type.group}'`}\n`)
  }
  if (!flags.on('quiet')) output.stdout('yes\n')
  return 0
}

const whoAmI = (call: Call): number => {
  refuseOthers(call)
  const userInfo = { groups: ['kubeadm:cluster-admins', 'system:authenticated'], username: 'kubernetes-admin' }
  const printer = objectPrinterOf(call, true)
  call.output.stdout(
    printer?.({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview', metadata: {}, status: { userInfo } }) ??
      alignTabs(`ATTRIBUTE\tVALUE\nUsername\t${userInfo.username}\nGroups\t[${userInfo.groups.join(' ')}]\n`, {
        ...describeOptions,
        padding: 3,
      }),
  )
  return 0
}

export const authCommands: readonly Command[] = [
  {
    name: 'auth can-i',
    flags: [switchFlag('all-namespaces', 'A'), switchFlag('quiet', 'q'), text('subresource'), switchFlag('list'), switchFlag('no-headers')],
    run: atOnce(canI),
  },
  { name: 'auth whoami', flags: outputFlags, run: atOnce(whoAmI) },
]
