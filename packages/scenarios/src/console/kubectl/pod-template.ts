/** Where the Pod template of a kind is. Follows updatePodSpecForObject in kubectl/pkg/polymorphichelpers/updatepodspec.go. */
const templatePaths: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  ReplicationController: ['spec', 'template'],
  Deployment: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
}

/** The path to the Pod spec; undefined for kinds without Pods. */
export const podSpecPathOf = (kind: string): readonly string[] | undefined => {
  const path = templatePaths[kind]
  return path === undefined ? undefined : [...path, 'spec']
}
