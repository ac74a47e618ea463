import type { ApiStatus } from '@statefold/core'
import { describe, expect, it } from 'vitest'
import { jsonOf } from './json-object.js'
import { runLine, type FakeClusterOptions, type FakeStore } from './testing/fake-cluster.js'
import { claim, node, pod, sampleCluster, service, statefulSet, stored } from './testing/sample-objects.js'

const words = (line: string): readonly string[] => (line.match(/'[^']*'|[^ ']+(?:'[^']*')?/g) ?? []).map((word) => word.replaceAll("'", ''))

const run = (line: string, options: Partial<FakeClusterOptions> = {}, stdin = '') =>
  runLine(words(line), { objects: sampleCluster, now: 60_000, ...options }, stdin)

const out = (...lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('')

const noSuch = (resource: string, name: string): string => `Error from server (NotFound): ${resource} "${name}" not found\n`

describe('kubectl get', () => {
  it.each<[line: string, stdout: string]>([
    ['get sts', out('NAME   READY   AGE', 'web    3/3     60s')],
    ['get statefulsets.apps web', out('NAME   READY   AGE', 'web    3/3     60s')],
    ['get StatefulSet/web', out('NAME   READY   AGE', 'web    3/3     60s')],
    [
      'get pods',
      out(
        'NAME    READY   STATUS    RESTARTS   AGE',
        'web-0   1/1     Running   0          60s',
        'web-1   1/1     Running   0          60s',
        'web-2   1/1     Running   0          60s',
      ),
    ],
    [
      'get po web-0 web-2',
      out(
        'NAME    READY   STATUS    RESTARTS   AGE',
        'web-0   1/1     Running   0          60s',
        'web-2   1/1     Running   0          60s',
      ),
    ],
    ['get pods --no-headers web-0', out('web-0   1/1   Running   0     60s')],
    ['get pod web-0 -L app', out('NAME    READY   STATUS    RESTARTS   AGE   APP', 'web-0   1/1     Running   0          60s   nginx')],
    [
      'get pod web-0 --show-labels',
      out('NAME    READY   STATUS    RESTARTS   AGE   LABELS', 'web-0   1/1     Running   0          60s   app=nginx'),
    ],
    [
      'get pods -A --field-selector metadata.name=web-1',
      out('NAMESPACE   NAME    READY   STATUS    RESTARTS   AGE', 'default     web-1   1/1     Running   0          60s'),
    ],
    ['get pods -o name', out('pod/web-0', 'pod/web-1', 'pod/web-2')],
    ['get sts,svc -o name', out('statefulset.apps/web', 'service/nginx')],
    [
      'get sts,svc',
      out(
        'NAME                   READY   AGE',
        'statefulset.apps/web   3/3     60s',
        '',
        'NAME            TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)   AGE',
        'service/nginx   ClusterIP   None         <none>        80/TCP    60s',
      ),
    ],
    ['get sts/web svc/nginx -o name', out('statefulset.apps/web', 'service/nginx')],
    ['get pod web-0 -o jsonpath={.status.podIP}', '10.244.0.3'],
    ['get pods -o \'jsonpath={range .items[*]}{.metadata.name}{"\\n"}{end}\'', out('web-0', 'web-1', 'web-2')],
    ["get pods -o 'go-template={{range .items}}{{.metadata.name}} {{end}}'", 'web-0 web-1 web-2 '],
    [
      'get pods -o custom-columns=NAME:.metadata.name,IP:.status.podIP,NONE:.spec.none',
      out('NAME    IP           NONE', 'web-0   10.244.0.3   <none>', 'web-1   10.244.0.3   <none>', 'web-2   10.244.0.3   <none>'),
    ],
    ['get pod nope --ignore-not-found', ''],
  ])('%s', (line, stdout) => {
    expect(run(line)).toMatchObject({ stdout, stderr: '', exit: 0 })
  })

  it.each<[line: string, stderr: string, exit: number]>([
    ['get pods -l app=none', 'No resources found in default namespace.\n', 0],
    ['get pods -n other', 'No resources found in other namespace.\n', 0],
    ['get pv', 'No resources found\n', 0],
    ['get pods -A -l app=none', 'No resources found\n', 0],
    ['get pod nope', noSuch('pods', 'nope'), 1],
    ['get sts nope', noSuch('statefulsets.apps', 'nope'), 1],
    ['get pods nope never', `${noSuch('pods', 'nope')}${noSuch('pods', 'never')}`, 1],
    ['get nonsense', `error: the server doesn't have a resource type "nonsense"\n`, 1],
    ['get pods,nonsense', `error: the server doesn't have a resource type "nonsense"\n`, 1],
    ['get pods web-0 -l app=nginx', 'error: name cannot be provided when a selector is specified\n', 1],
    ['get pod/web-0 -A', 'error: a resource cannot be retrieved by name across all namespaces\n', 1],
    [
      'get pod pod/web-0',
      "error: there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'\n",
      1,
    ],
    [
      'get pods --field-selector foo=bar',
      'Error from server (BadRequest): Unable to find "/v1, Resource=pods" that match label selector "", field selector "foo=bar": field label not supported: foo\n',
      1,
    ],
    [
      'get pods -o nope',
      'error: unable to match a printer suitable for the output format "nope", allowed formats are: custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,wide,yaml\n',
      1,
    ],
    ['get pods -o json --show-labels', 'error: --show-labels option cannot be used with json printer\n', 1],
    ['get pods --bogus', "error: unknown flag: --bogus\nSee 'kubectl get --help' for usage.\n", 1],
  ])('%s is answered on standard error', (line, stderr, exit) => {
    expect(run(line)).toMatchObject({ stdout: '', stderr, exit })
  })

  it('shows what it found and then what it missed', () => {
    expect(run('get pod web-0 nope --no-headers')).toMatchObject({
      stdout: out('web-0   1/1   Running   0     60s'),
      stderr: noSuch('pods', 'nope'),
      exit: 1,
    })
  })

  it('warns of Endpoints once a line', () => {
    expect(run('get svc,ep').stderr).toBe('Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n')
  })

  it('prints a row for every change while it watches', () => {
    let waits = 0
    const gone = run('get pods -w --no-headers -l app=nginx', {
      onWait: (store) => {
        waits += 1
        if (waits === 1) store.put(pod('web-3', { status: { phase: 'Pending' } }))
        if (waits === 2) store.remove('Pod', 'web-0')
      },
    })
    expect(
      gone.stdout
        .trim()
        .split('\n')
        .slice(3)
        .map((line) => line.split(/ +/).slice(0, 1).join(' ')),
    ).toEqual(['web-3', 'web-0'])
  })
})

describe('kubectl changes things', () => {
  it.each<[line: string, stdout: string]>([
    ['delete pod web-0', out('pod "web-0" deleted from default namespace')],
    ['delete pods web-0 web-2', out('pod "web-0" deleted from default namespace', 'pod "web-2" deleted from default namespace')],
    [
      'delete sts/web svc/nginx',
      out('statefulset.apps "web" deleted from default namespace', 'service "nginx" deleted from default namespace'),
    ],
    ['delete pod -l app=nginx -o name', out('pod/web-0', 'pod/web-1', 'pod/web-2')],
    ['delete node node-2', out('node "node-2" deleted')],
    ['delete pods -l app=none', out('No resources found')],
    ['delete pod nope --ignore-not-found', ''],
    ['delete sts web --cascade=orphan --dry-run=client', out('statefulset.apps "web" deleted from default namespace (dry run)')],
    ['scale sts web --replicas=5', out('statefulset.apps/web scaled')],
    ['scale sts/web --replicas=5 --dry-run=server', out('statefulset.apps/web scaled (server dry run)')],
    ['set image sts/web nginx=nginx:1.28', out('statefulset.apps/web image updated')],
    ['set image sts web *=nginx:1.28', out('statefulset.apps/web image updated')],
    ['set image sts/web nginx=nginx:1.27', ''],
    ['set env sts/web LEVEL=debug', out('statefulset.apps/web env updated')],
    ['set resources sts web --limits=cpu=200m', out('statefulset.apps/web resource requirements updated')],
    [`patch sts web -p '{"spec":{"replicas":2}}'`, out('statefulset.apps/web patched')],
    [`patch sts web -p '{"spec":{"replicas":3}}'`, out('statefulset.apps/web patched (no change)')],
    [`patch sts web --type=json -p '[{"op":"replace","path":"/spec/replicas","value":1}]'`, out('statefulset.apps/web patched')],
    ['label sts web team=a', out('statefulset.apps/web labeled')],
    ['label pod web-0 app=nginx', out('pod/web-0 not labeled')],
    ['label pod web-0 app-', out('pod/web-0 unlabeled')],
    ['label pod web-0 app- team=a', out('pod/web-0 modified')],
    ['label pod web-0 team-', out('label "team" not found.', 'pod/web-0 not labeled')],
    ['label pods --all tier=front', out('pod/web-0 labeled', 'pod/web-1 labeled', 'pod/web-2 labeled')],
    ['annotate sts web note=x', out('statefulset.apps/web annotated')],
    ['taint node node-1 k=v:NoSchedule', out('node/node-1 tainted')],
    ['cordon node-1', out('node/node-1 cordoned')],
    ['cordon node/node-1', out('node/node-1 cordoned')],
    ['uncordon node-1', out('node/node-1 already uncordoned')],
    ['rollout restart sts/web', out('statefulset.apps/web restarted')],
    ['rollout undo sts/web', out('statefulset.apps/web rolled back')],
    ['rollout undo sts/web --to-revision=2', out('statefulset.apps/web skipped rollback (current template already matches revision 2)')],
    ['rollout status sts/web', out('partitioned roll out complete: 3 new pods have been updated...')],
    ['rollout history sts/web', out('statefulset.apps/web ', 'REVISION  CHANGE-CAUSE', '1         <none>', '2         <none>', '')],
    ['create deployment front --image=nginx:1.27 --replicas=2', out('deployment.apps/front created')],
    ['create ns dev', out('namespace/dev created')],
    ['create cm settings --from-literal=a=1', out('configmap/settings created')],
    ['create secret generic key --from-literal=a=1', out('secret/key created')],
    ['create service clusterip hl --clusterip=None', out('service/hl created')],
    ['create job once --image=busybox -- true', out('job.batch/once created')],
    ['create pdb web --selector=app=nginx --min-available=2', out('poddisruptionbudget.policy/web created')],
    ['run box --image=busybox -- sleep 1d', out('pod/box created')],
    ['expose pod web-0 --port=80 --name=one', out('service/one exposed')],
    ['wait pod/web-0 --for=condition=Ready', out('pod/web-0 condition met')],
    ['wait --for=jsonpath={.status.readyReplicas}=3 sts/web', out('statefulset.apps/web condition met')],
  ])('%s', (line, stdout) => {
    expect(run(line)).toMatchObject({ stdout, stderr: '', exit: 0 })
  })

  it.each<[line: string, stderr: string]>([
    ['delete pod nope', noSuch('pods', 'nope')],
    ['delete pods', 'error: resource(s) were provided, but no name was specified\n'],
    ['delete pod web-0 --now --grace-period=5', 'error: --now and --grace-period cannot be specified together\n'],
    ['delete pod web-0 --force --grace-period=5', 'error: --force and --grace-period greater than 0 cannot be specified together\n'],
    ['scale sts web --replicas=-2', 'error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0\n'],
    ['scale sts web', 'error: required flag(s) "replicas" not set\n'],
    ['scale sts nope --replicas=1', noSuch('statefulsets.apps', 'nope')],
    ['scale sts web --replicas=5 --current-replicas=5', 'error: Expected replicas to be 5, was 3\n'],
    ['set image sts/web other=nginx:1.28', 'error: unable to find container named "other"\n'],
    ['label pod web-0 app=x', "error: 'app' already has a value (nginx), and --overwrite is false\n"],
    ['label pod web-0', 'error: at least one label update is required\n'],
    ['taint node node-1 k-', 'error: taint "k" not found\n'],
    [
      'taint node node-1 k=v:Never',
      "error: invalid taint effect: Never, unsupported taint effect\nSee 'kubectl taint -h' for help and examples\n",
    ],
    ['cordon nope', noSuch('nodes', 'nope')],
    ['drain', "error: USAGE: drain NODE [flags]\nSee 'kubectl drain -h' for help and examples\n"],
    ['rollout undo sts/web --to-revision=9', 'error: unable to find specified revision 9 in history\n'],
    ['rollout pause sts/web', 'error: statefulsets.apps "web" pausing is not supported\n'],
    ['rollout frob sts/web', `error: unknown command "frob sts/web"\nSee 'kubectl rollout -h' for help and examples\n`],
    ['rollout status', 'error: required resource not specified\n'],
    ['wait pod/web-0 --for=delete --timeout=2s', 'error: timed out waiting for the condition on pods/web-0\n'],
    ['wait pod/web-0 --for=frob', 'error: unrecognized condition: "frob"\n'],
    ['create deployment front', 'error: required flag(s) "image" not set\n'],
    ['create ns', "error: exactly one NAME is required, got 0\nSee 'kubectl create ns -h' for help and examples\n"],
    ['gte pods', 'error: unknown command "gte" for "kubectl"\n\nDid you mean this?\n\tget\n'],
    ['frobnicate', 'error: unknown command "frobnicate" for "kubectl"\n'],
    ['top pods', 'error: Metrics API not available\n'],
    ['logs nope', 'error: error from server (NotFound): pods "nope" not found in namespace "default"\n'],
    [
      'exec web-0 ls',
      "error: exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead\nSee 'kubectl exec -h' for help and examples\n",
    ],
    ['exec web-0 -c nope -- ls', 'error: container nope is not valid for pod web-0 out of: nginx\n'],
  ])('%s is refused', (line, stderr) => {
    expect(run(line)).toMatchObject({ stdout: '', stderr, exit: 1 })
  })

  it('says twice that a forced deletion is no proof of death', () => {
    expect(run('delete pod web-1 --grace-period=0 --force')).toMatchObject({
      stdout: 'pod "web-1" force deleted from default namespace\n',
      stderr:
        'Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n',
      requests: [{ kind: 'DeleteObject', options: { gracePeriodSeconds: 0, propagationPolicy: 'Background' } }],
    })
  })

  it('waits for a deletion until a Pod of that name has another uid', () => {
    const slow: ApiStatus | undefined = undefined
    const successor = pod('web-0', { metadata: { uid: 'another' } })
    const lingering = [...sampleCluster.filter((object) => object.metadata.name !== 'web-0'), pod('web-0')]
    const result = run('wait --for=delete pod/web-0 --timeout=60s', {
      objects: lingering,
      refuse: () => slow,
      onWait: (store) => store.put(successor),
    })
    expect(result).toMatchObject({ stdout: 'pod/web-0 condition met\n', exit: 0 })
  })

  it('hands the exit code of a command in a container on', () => {
    expect(run('exec web-0 -- false', { exec: () => ({ exit: 3, stdout: 'out\n', stderr: '' }) })).toMatchObject({
      exit: 3,
      stdout: 'out\n',
      stderr: 'command terminated with exit code 3\n',
    })
  })

  it('chooses the first container and says so', () => {
    const two = pod('two', { spec: { containers: [{ name: 'a' }, { name: 'b' }], initContainers: [{ name: 'i' }] } })
    expect(run('logs two', { objects: [two], logs: { 'two/a': ['hello'] } })).toMatchObject({
      stdout: 'hello\n',
      stderr: 'Defaulted container "a" out of: a, b, i (init)\n',
    })
  })
})

describe('kubectl apply', () => {
  const manifest = `apiVersion: v1
kind: Service
metadata: {name: front}
spec:
  ports: [{port: 80}]
  selector: {app: front}
`

  it('creates, leaves alone, and configures', () => {
    const first = run('apply -f -', {}, manifest)
    expect(first).toMatchObject({ stdout: 'service/front created\n', exit: 0 })
    const object = first.requests[0]?.kind === 'CreateObject' ? first.requests[0].object : undefined
    if (object === undefined) throw new Error('nothing was created')
    expect(object.metadata?.annotations?.['kubectl.kubernetes.io/last-applied-configuration']).toBe(
      '{"apiVersion":"v1","kind":"Service","metadata":{"annotations":{},"name":"front","namespace":"default"},"spec":{"ports":[{"port":80}],"selector":{"app":"front"}}}\n',
    )
    const live = stored({ ...jsonOf(object), spec: { ...(jsonOf(object)['spec'] as object), type: 'ClusterIP' } })
    expect(run('apply -f -', { objects: [live] }, manifest)).toMatchObject({ stdout: 'service/front unchanged\n', requests: [] })
    const changed = run('apply -f -', { objects: [live] }, manifest.replace('port: 80', 'port: 81'))
    expect(changed).toMatchObject({ stdout: 'service/front configured\n' })
    expect(changed.requests).toHaveLength(1)
  })

  it('warns of an object that was made without it', () => {
    expect(run('apply -f -', {}, 'apiVersion: v1\nkind: Service\nmetadata: {name: nginx}\n').stderr).toBe(
      'Warning: resource services/nginx is missing the kubectl.kubernetes.io/last-applied-configuration annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n',
    )
  })

  it.each<[name: string, input: string, stderr: string]>([
    [
      'an unknown kind',
      'apiVersion: v1\nkind: Nonsense\nmetadata: {name: x}\n',
      'error: resource mapping not found for name: "x" namespace: "" from "STDIN": no matches for kind "Nonsense" in version "v1"\nensure CRDs are installed first\n',
    ],
    ['broken JSON', '{-', "error: error parsing STDIN: json: offset 2: invalid character '-' looking for beginning of object key string\n"],
    [
      'no kind',
      'apiVersion: v1\nmetadata: {name: x}\n',
      'error: error validating "STDIN": error validating data: kind not set; if you choose to ignore these errors, turn validation off with --validate=false\n',
    ],
    [
      'a boolean label',
      'apiVersion: v1\nkind: Service\nmetadata: {name: x, labels: {on: yes}}\n',
      'error: unable to decode "STDIN": json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string\n',
    ],
    [
      'bad YAML',
      'a: b: c\n',
      'error: error parsing STDIN: error converting YAML to JSON: yaml: line 1: mapping values are not allowed in this context\n',
    ],
    ['nothing', '\n', 'error: no objects passed to apply\n'],
  ])('refuses %s', (_name, input, stderr) => {
    expect(run('apply -f -', {}, input)).toMatchObject({ stdout: '', stderr, exit: 1 })
  })

  it('names files that are not there, and reads folders', () => {
    expect(run('apply -f nope.yaml')).toMatchObject({ stderr: 'error: the path "nope.yaml" does not exist\n', exit: 1 })
    const files = { 'k8s/a.yaml': manifest, 'k8s/b.yaml': manifest.replace('front', 'back'), 'k8s/notes.txt': 'no manifest' }
    expect(run('apply -f k8s', { files })).toMatchObject({ stdout: 'service/front created\nservice/back created\n', exit: 0 })
  })

  it('goes on behind a refusal, and words each by how many there are', () => {
    const refusal: ApiStatus = {
      reason: 'Invalid',
      code: 422,
      message: 'Service "front" is invalid: spec.ports: Required value',
      details: {
        kind: 'Service',
        name: 'front',
        causes: [{ reason: 'FieldValueRequired', message: 'Required value', field: 'spec.ports' }],
      },
    }
    const one = run(
      'apply -f -',
      { refuse: (command) => (command.kind === 'CreateObject' && command.object.metadata?.name === 'front' ? refusal : undefined) },
      `${manifest}---\n${manifest.replace('front', 'back')}`,
    )
    expect(one).toMatchObject({
      stdout: 'service/back created\n',
      stderr: 'The Service "front" is invalid: spec.ports: Required value\n',
      exit: 1,
    })
    const two = run('apply -f -', { refuse: () => refusal }, `${manifest}---\n${manifest.replace('front', 'back')}`)
    expect(two.stderr).toBe(
      out(
        'Error from server (Invalid): error when creating "STDIN": Service "front" is invalid: spec.ports: Required value',
        'Error from server (Invalid): error when creating "STDIN": Service "front" is invalid: spec.ports: Required value',
      ),
    )
  })
})

describe('kubectl waits', () => {
  const rolling = statefulSet({ metadata: { generation: 2 }, status: { observedGeneration: 2, updatedReplicas: 0 } })

  it('tells every step of a rollout', () => {
    const steps = [
      { observedGeneration: 2, readyReplicas: 2, updatedReplicas: 0 },
      { observedGeneration: 2, readyReplicas: 3, updatedReplicas: 2 },
      { observedGeneration: 2, readyReplicas: 3, updatedReplicas: 3 },
    ]
    const result = run('rollout status sts/web', {
      objects: [rolling],
      onWait: (store: FakeStore) => {
        const status = steps.shift()
        if (status !== undefined) store.put(statefulSet({ metadata: { generation: 2 }, status }))
      },
    })
    expect(result).toMatchObject({
      stdout: out(
        'Waiting for partitioned roll out to finish: 0 out of 3 new pods have been updated...',
        'Waiting for 1 pods to be ready...',
        'Waiting for partitioned roll out to finish: 2 out of 3 new pods have been updated...',
        'partitioned roll out complete: 3 new pods have been updated...',
      ),
      exit: 0,
    })
  })

  it('gives up in time', () => {
    expect(run('rollout status sts/web --timeout=5s', { objects: [rolling] })).toMatchObject({
      stderr: 'error: timed out waiting for the condition\n',
      exit: 1,
    })
  })

  it('drains a node and tries a refused eviction again every five seconds', () => {
    const blocked: ApiStatus = {
      reason: 'TooManyRequests',
      code: 429,
      message: "Cannot evict pod as it would violate the pod's disruption budget.",
    }
    let refusals = 2
    const result = run('drain node-1 --ignore-daemonsets', {
      objects: [node('node-1'), pod('web-0')],
      refuse: (command) => {
        if (command.kind !== 'EvictPod' || refusals === 0) return undefined
        refusals -= 1
        return blocked
      },
    })
    const again = `error when evicting pods/"web-0" -n "default" (will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.`
    expect(result).toMatchObject({
      stdout: out(
        'node/node-1 cordoned',
        'evicting pod default/web-0',
        'evicting pod default/web-0',
        'evicting pod default/web-0',
        'pod/web-0 evicted',
        'node/node-1 drained',
      ),
      stderr: out(again, again),
      exit: 0,
    })
  })

  it('does not drain what it must not touch', () => {
    const bare = pod('bare', { metadata: { ownerReferences: [] } })
    expect(run('drain node-1', { objects: [node('node-1'), bare] })).toMatchObject({
      stdout: 'node/node-1 cordoned\n',
      stderr: out(
        'error: unable to drain node "node-1" due to error: cannot delete Pods that declare no controller (use --force to override): default/bare, continuing command...',
        'There are pending nodes to be drained:',
        ' node-1',
        'cannot delete Pods that declare no controller (use --force to override): default/bare',
      ),
      exit: 1,
    })
  })
})

describe('kubectl describe', () => {
  it('describes a claim as the recorded client did', () => {
    expect(run('describe pvc www-web-0', { objects: [claim('www-web-0')] }).stdout).toBe(
      out(
        'Name:          www-web-0',
        'Namespace:     default',
        'StorageClass:  standard',
        'Status:        Pending',
        'Volume:        ',
        'Labels:        <none>',
        'Annotations:   <none>',
        'Finalizers:    [kubernetes.io/pvc-protection]',
        'Capacity:      ',
        'Access Modes:  ',
        'VolumeMode:    Filesystem',
        'Used By:       <none>',
        'Events:        <none>',
      ),
    )
  })

  it('describes a Service', () => {
    expect(run('describe svc nginx', { objects: [service('nginx')] }).stdout).toContain('Selector:          app=nginx\n')
  })

  it('describes all whose names begin so when there is none of that name', () => {
    const { stdout, exit } = run('describe pod web')
    expect(exit).toBe(0)
    expect(stdout.match(/^Name: .*$/gm)).toHaveLength(3)
  })

  it('never prints what a Secret holds', () => {
    const secret = stored({
      apiVersion: 'v1',
      data: { password: 'aGVsbG8=' },
      kind: 'Secret',
      metadata: { name: 'key', namespace: 'default' },
      type: 'Opaque',
    })
    const { stdout } = run('describe secret key', { objects: [secret] })
    expect(stdout).toContain('password:  5 bytes\n')
    expect(stdout).not.toContain('aGVsbG8')
  })
})
