/** Kinds that are stored and do nothing: what kubectl v1.36.3 showed of these objects on a real cluster. */
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { makeConsole } from '../../make-console.js'
import { runScenario } from '../../run-scenario.js'
import { scenario } from '../../scenario.js'
import { filesOf } from '../../testing/files-of.js'
import { after } from '../../write-script.js'

const manifest = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: ing, annotations: {a: b}}
spec:
  ingressClassName: nginx
  tls: [{hosts: [foo.com], secretName: cert}, {secretName: other}]
  rules:
  - host: foo.com
    http: {paths: [{path: /bar, pathType: Prefix, backend: {service: {name: svc1, port: {number: 8080}}}}, {path: /, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}]}
  - http: {paths: [{path: /x, pathType: Exact, backend: {resource: {apiGroup: k8s.example.com, kind: Bucket, name: b}}}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: ing2}
spec:
  defaultBackend: {service: {name: web, port: {number: 80}}}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx, annotations: {ingressclass.kubernetes.io/is-default-class: "true"}}
spec: {controller: k8s.io/ingress-nginx}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, name: http}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: np}
spec:
  podSelector: {matchLabels: {role: db}}
  policyTypes: [Ingress, Egress]
  ingress:
  - from:
    - ipBlock: {cidr: 172.17.0.0/16, except: [172.17.1.0/24]}
    - namespaceSelector: {matchLabels: {project: x}}
    - podSelector: {matchLabels: {role: frontend}}
    ports: [{protocol: TCP, port: 6379}]
  egress:
  - to: [{ipBlock: {cidr: 10.0.0.0/24}}]
    ports: [{protocol: TCP, port: 5978}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: allow}
spec: {podSelector: {}, ingress: [{}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: r}
rules:
- {apiGroups: [""], resources: [pods, services], verbs: [get, list]}
- {apiGroups: [apps], resources: [deployments], resourceNames: [x], verbs: [update]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: rb}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: bob},{kind: ServiceAccount, name: default, namespace: default}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: cr}
rules: [{nonResourceURLs: [/logs/*], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: crb}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cr}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: devs}]
---
apiVersion: v1
kind: LimitRange
metadata: {name: lr}
spec: {limits: [{type: Container, default: {cpu: 500m}, defaultRequest: {cpu: 100m}, max: {cpu: "1"}, min: {memory: 10Mi}}]}
---
apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata: {name: rc}
handler: h
`
const result = runScenario(
  scenario({ manifests: ['kinds.yaml'], steps: [after('5s').settle('1ms')] }, { files: filesOf({ 'kinds.yaml': manifest }) }),
)
if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
const { simulation } = result.right
const shown = (line: string): string =>
  makeConsole(simulation)
    .run(`kubectl ${line}`)
    .shown.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, 'WHEN')
    .replace(/(?<= )\d+s\b/g, '5s')

const recorded: Readonly<Record<string, string>> = {
  'get ingress': `NAME   CLASS    HOSTS     ADDRESS   PORTS     AGE
ing    nginx    foo.com             80, 443   5s
ing2   <none>   *                   80        5s
`,
  'get ingressclass': `NAME              CONTROLLER             PARAMETERS   AGE
nginx (default)   k8s.io/ingress-nginx   <none>       5s
`,
  'get netpol': `NAME    POD-SELECTOR   AGE
allow   <none>         5s
deny    <none>         5s
np      role=db        5s
`,
  'get rolebinding -o wide': `NAME   ROLE     AGE   USERS   GROUPS   SERVICEACCOUNTS
rb     Role/r   5s    bob              default/default
`,
  'get clusterrolebinding crb -o wide': `NAME   ROLE             AGE   USERS   GROUPS   SERVICEACCOUNTS
crb    ClusterRole/cr   5s            devs     
`,
  'get runtimeclass': `NAME   HANDLER   AGE
rc     h         5s
`,
  'describe ingress ing': `Name:             ing
Labels:           <none>
Namespace:        default
Address:          
Ingress Class:    nginx
Default backend:  <default>
TLS:
  cert terminates foo.com
  other terminates 
Rules:
  Host        Path  Backends
  ----        ----  --------
  foo.com     
              /bar   svc1:8080 (<error: services "svc1" not found>)
              /      web:http ()
  *           
              /x   APIGroup: k8s.example.com, Kind: Bucket, Name: b
Annotations:  a: b
Events:       <none>
`,
  'describe ingress ing2': `Name:             ing2
Labels:           <none>
Namespace:        default
Address:          
Ingress Class:    <none>
Default backend:  web:80 ()
Rules:
  Host        Path  Backends
  ----        ----  --------
  *           *     web:80 ()
Annotations:  <none>
Events:       <none>
`,
  'describe ingressclass nginx': `Name:         nginx
Labels:       <none>
Annotations:  ingressclass.kubernetes.io/is-default-class: true
Controller:   k8s.io/ingress-nginx
Events:       <none>
`,
  'describe netpol np': `Name:         np
Namespace:    default
Created on:   WHEN +0000 UTC
Labels:       <none>
Annotations:  <none>
Spec:
  PodSelector:     role=db
  Allowing ingress traffic:
    To Port: 6379/TCP
    From:
      IPBlock:
        CIDR: 172.17.0.0/16
        Except: 172.17.1.0/24
    From:
      NamespaceSelector: project=x
    From:
      PodSelector: role=frontend
  Allowing egress traffic:
    To Port: 5978/TCP
    To:
      IPBlock:
        CIDR: 10.0.0.0/24
        Except: 
  Policy Types: Ingress, Egress
`,
  'describe netpol deny': `Name:         deny
Namespace:    default
Created on:   WHEN +0000 UTC
Labels:       <none>
Annotations:  <none>
Spec:
  PodSelector:     <none> (Allowing the specific traffic to all pods in this namespace)
  Allowing ingress traffic:
    <none> (Selected pods are isolated for ingress connectivity)
  Not affecting egress traffic
  Policy Types: Ingress
`,
  'describe netpol allow': `Name:         allow
Namespace:    default
Created on:   WHEN +0000 UTC
Labels:       <none>
Annotations:  <none>
Spec:
  PodSelector:     <none> (Allowing the specific traffic to all pods in this namespace)
  Allowing ingress traffic:
    To Port: <any> (traffic allowed to all ports)
    From: <any> (traffic not restricted by source)
  Not affecting egress traffic
  Policy Types: Ingress
`,
  'describe role r': `Name:         r
Labels:       <none>
Annotations:  <none>
PolicyRule:
  Resources         Non-Resource URLs  Resource Names  Verbs
  ---------         -----------------  --------------  -----
  pods              []                 []              [get list]
  services          []                 []              [get list]
  deployments.apps  []                 [x]             [update]
`,
  'describe rolebinding rb': `Name:         rb
Labels:       <none>
Annotations:  <none>
Role:
  Kind:  Role
  Name:  r
Subjects:
  Kind            Name     Namespace
  ----            ----     ---------
  User            bob      
  ServiceAccount  default  default
`,
  'describe clusterrole cr': `Name:         cr
Labels:       <none>
Annotations:  <none>
PolicyRule:
  Resources  Non-Resource URLs  Resource Names  Verbs
  ---------  -----------------  --------------  -----
             [/logs/*]          []              [get]
`,
  'describe limitrange lr': `Name:       lr
Namespace:  default
Type        Resource  Min   Max  Default Request  Default Limit  Max Limit/Request Ratio
----        --------  ---   ---  ---------------  -------------  -----------------------
Container   cpu       -     1    100m             500m           -
Container   memory    10Mi  -    10Mi             -              -
`,
}

describe('kubectl shows stored kinds', () => {
  it.each(Object.entries(recorded))('%s', (line, text) => expect(shown(line)).toBe(text))
})
