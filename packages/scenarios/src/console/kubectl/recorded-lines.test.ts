/** Lines and answers of kubectl v1.36.3 against a real cluster. */
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { makeConsole } from '../../make-console.js'
import { runScenario } from '../../run-scenario.js'
import { scenario } from '../../scenario.js'
import { filesOf } from '../../testing/files-of.js'
import { after } from '../../write-script.js'

const manifest = `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  serviceName: nginx
  replicas: 2
  selector: {matchLabels: {app: nginx}}
  template:
    metadata: {labels: {app: nginx}}
    spec: {containers: [{name: nginx, image: "nginx:1.27"}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: tick}
spec:
  schedule: '0 0 1 1 *'
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: busybox}]}}}}
`
const ran = (...lines: readonly string[]) => {
  const result = runScenario(
    scenario({ manifests: ['web.yaml'], steps: [after('30s').settle('1ms')] }, { files: filesOf({ 'web.yaml': manifest }) }),
  )
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
  const console = makeConsole(result.right.simulation)
  return lines.map((line) => console.run(line)).at(-1) ?? { exit: 0, stdout: '', stderr: '' }
}
const notThere = 'Error from server (NotFound): the server could not find the requested resource\n'
const conflict =
  'Error from server (Conflict): Operation cannot be fulfilled on pods "web-0": the object has been modified; please apply your changes to the latest version and try again\n'

describe('kubectl answers as recorded', () => {
  it.each<[line: string, exit: number, stdout: string, stderr: string]>([
    ['kubectl label pod web-0 q=r --resource-version=1', 1, '', conflict],
    [`kubectl patch pod web-0 -p '{"metadata":{"resourceVersion":"1","labels":{"q":"r"}}}'`, 1, '', conflict],
    ['kubectl get sts web --subresource=foo', 1, '', notThere],
    ["kubectl patch sts web --subresource=foo --type=merge -p '{}'", 1, '', notThere],
    ['kubectl get sts web --subresource=status -o name', 0, 'statefulset.apps/web\n', ''],
    [
      "kubectl get sts web --subresource=scale -o jsonpath='{.kind} {.spec} {.status}'",
      0,
      'Scale {"replicas":2} {"replicas":2,"selector":"app=nginx"}',
      '',
    ],
    ['kubectl get pods --raw /api', 1, '', 'error: arguments may not be passed when --raw is specified\n'],
    ['kubectl rollout status cronjob tick', 1, '', 'error: no status viewer has been implemented for CronJob.batch\n'],
    [
      'kubectl set image',
      1,
      '',
      "error: You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'\n",
    ],
    [
      'kubectl delete sts nope --cascade=true',
      1,
      '',
      'warning: --cascade=true is deprecated (boolean value) and can be replaced with --cascade=background.\nError from server (NotFound): statefulsets.apps "nope" not found\n',
    ],
    ['kubectl diff', 2, '', 'error: must specify one of -f and -k\n'],
    ['kubectl replace', 1, '', 'error: must specify one of -f and -k\n'],
    ['kubectl cp', 1, '', 'error: source and destination are required\n'],
    [
      'kubectl create secret tls s --cert=/nope --key=/nope',
      1,
      '',
      'error: Cannot read file /nope, open /nope: no such file or directory\n',
    ],
    [
      'kubectl create role r --verb=foo --resource=pods',
      0,
      'role.rbac.authorization.k8s.io/r created\n',
      "Warning: 'foo' is not a standard resource verb\n",
    ],
    ['kubectl create secret foo', 1, '', 'error: unknown command "foo"\nSee \'kubectl create secret -h\' for help and examples\n'],
    ['kubectl create service foo x', 1, '', 'error: unknown command "foo x"\nSee \'kubectl create service -h\' for help and examples\n'],
    ['kubectl top pods', 1, '', 'error: Metrics API not available\n'],
    [
      `kubectl run p --image=nginx --restart=Never --override-type=json --overrides='[{"op":"add","path":"/metadata/labels/x","value":"y"}]' --dry-run=client -o jsonpath='{.metadata.labels}'`,
      0,
      '{"run":"p","x":"y"}',
      '',
    ],
  ])('%s', (line, exit, stdout, stderr) => expect(ran(line)).toMatchObject({ exit, stdout, stderr }))

  it.each([
    ['externalIPs: [1.2.3.4]', 'spec.externalIPs is deprecated and may no longer be implemented in some clusters'],
    ['type: ExternalName, externalName: foo.com, externalIPs: [1.2.3.4]', 'spec.externalIPs is ignored when spec.type is "ExternalName"'],
    ['clusterIP: None, sessionAffinity: ClientIP', 'spec.SessionAffinity is ignored for headless services'],
  ])('a Service with %s is taken with a warning', (fields, warning) =>
    expect(
      ran(`kubectl create -f - <<'E'\napiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}], ${fields}}\nE`),
    ).toMatchObject({ exit: 0, stdout: 'service/a created\n', stderr: `Warning: ${warning}\n` }),
  )
  it('a Scale has columns of its own', () =>
    expect(ran('kubectl get sts web --subresource=scale').stdout).toBe(
      'NAME   DESIRED   AVAILABLE   AGE\nweb    2         2           30s\n',
    ))
  it('a CronJob without a time zone says so', () => expect(ran('kubectl describe cronjob tick').stdout).toMatch(/^Time Zone: +<unset>$/m))
  it('a command that only has subcommands fails, and names each of them once', () => {
    expect(ran('kubectl rollout')).toMatchObject({ exit: 1, stderr: '' })
    const { exit, stdout, stderr } = ran('kubectl set')
    expect({ exit, stdout }).toEqual({ exit: 1, stdout: '' })
    expect(stderr).toContain('Available Commands:\n  env\n  image\n  resources\n  selector\n  serviceaccount\n  subject\n\n')
    expect(ran('kubectl set --help')).toMatchObject({ exit: 0, stderr: '' })
  })
  it('what happened at a second stands before what happened within it', () => {
    const rows = ran('kubectl events --no-headers').stdout.split('\n')
    const place = (text: string): number => rows.findIndex((row) => row.includes(text))
    expect(place('Create Pod web-0')).toBeGreaterThanOrEqual(0)
    expect(place('Successfully assigned default/web-0')).toBeGreaterThan(place('Create Pod web-0'))
  })
})
