import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { makeConsole, type Console } from '../../make-console.js'
import { runScenario } from '../../run-scenario.js'
import { scenario } from '../../scenario.js'
import { filesOf } from '../../testing/files-of.js'
import { after } from '../../write-script.js'

const manifest = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: nginx, image: "nginx:1.27", env: [{name: A, value: one}]}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web, tier: front}, ports: [{port: 80}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {key-one: "1", B: "2"}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: ann}]
`
const files = filesOf({ 'web.yaml': manifest })

const open = (): Console => {
  const result = runScenario(scenario({ manifests: ['web.yaml'], steps: [after('5s').settle('1ms')] }, { files }))
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
  return makeConsole(result.right.simulation, files)
}
const shown = (...lines: readonly string[]): string => {
  const console = open()
  return lines.map((line) => console.run(line).shown).join('')
}
const env = "kubectl get deploy web -o jsonpath='{.spec.template.spec.containers[0].env}'"

describe('kubectl set env', () => {
  it('changes a value where it stands, adds at the end, and takes away', () =>
    expect(shown('kubectl set env deploy/web C=three A=two', 'kubectl set env deploy/web A-', env)).toBe(
      'deployment.apps/web env updated\ndeployment.apps/web env updated\n[{"name":"C","value":"three"}]',
    ))
  it('takes the keys of a ConfigMap, and says which names it changes', () =>
    expect(shown('kubectl set env deploy/web --from=configmap/settings --prefix=P_', 'kubectl set env deploy/web --list')).toBe(
      'Warning: key key-one transferred to KEY_ONE\ndeployment.apps/web env updated\n# Deployment web, container nginx\nA=one\n' +
        '# P_B from configmap settings, key B\n# P_KEY_ONE from configmap settings, key key-one\n',
    ))
  it('looks behind references, and says what is not there', () =>
    expect(
      shown(
        'kubectl set env deploy/web --from=configmap/settings --keys=B',
        'kubectl set env deploy/web --list --resolve',
        'kubectl delete cm settings',
        'kubectl set env deploy/web --list --resolve',
      ),
    ).toBe(
      'deployment.apps/web env updated\n# Deployment web, container nginx\nA=one\nB=2\nconfigmap "settings" deleted from default namespace\n' +
        '# Deployment web, container nginx\nA=one\n# B from configmap settings, key B\n' +
        'error retrieving reference for B: configmaps "settings" not found\n',
    ))
  it('shows in a dry run the list as it will be', () => {
    const text = shown('kubectl set env deploy/web A=two B=3 --dry-run=client -o yaml')
    expect(text).toContain(
      '      - env:\n        - name: A\n          value: two\n        - name: B\n          value: "3"\n        image: nginx:1.27\n',
    )
    expect(text).not.toContain('setElementOrder')
  })
  it.each([
    ['kubectl set env deploy/web --from=configmap/nope', 'Error from server (NotFound): configmaps "nope" not found\n'],
    ['kubectl set env deploy/web --keys=a', 'error: when specifying --keys, a configmap or secret must be provided with --from\n'],
    ['kubectl set env deploy/web --from=svc/web', 'error: unsupported resource specified in --from\n'],
  ])('%s is refused', (line, text) => expect(shown(line)).toBe(text))
})

describe('kubectl set serviceaccount, selector and subject', () => {
  it('gives a template another account', () =>
    expect(
      shown(
        'kubectl set serviceaccount deploy web builder',
        'kubectl set sa deploy/web other',
        "kubectl get deploy web -o jsonpath='{.spec.template.spec.serviceAccountName} {.spec.template.spec.serviceAccount}'",
      ),
    ).toBe('deployment.apps/web serviceaccount updated\ndeployment.apps/web serviceaccount updated\nother other'))
  it('replaces the whole selector of a Service', () =>
    expect(shown("kubectl set selector svc web 'app=db'", "kubectl get svc web -o jsonpath='{.spec.selector}'")).toBe(
      'service/web selector updated\n{"app":"db"}',
    ))
  it('has selectors of Services only', () =>
    expect(shown('kubectl set selector deploy web app=db')).toBe('error: setting a selector is only supported for Services\n'))
  it('binds those who are not bound yet', () =>
    expect(
      shown(
        'kubectl set subject rolebinding readers --user=ann --user=bob --serviceaccount=default:robot',
        'kubectl set subject rolebinding readers --user=bob',
        "kubectl get rolebinding readers -o jsonpath='{.subjects[*].name}'",
      ),
    ).toBe('rolebinding.rbac.authorization.k8s.io/readers subjects updated\nann bob robot'))
  it('wants somebody to bind', () =>
    expect(shown('kubectl set subject rolebinding readers')).toBe(
      'error: you must specify at least one value of user, group or serviceaccount\n',
    ))
})
