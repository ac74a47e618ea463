/** Controllers that go wrong in ways that are no violated invariant, for tests of what finds and tells such things. */
import { defineController, makeControllers, type ClusterSettings, type Controller } from '@statefold/core'

type Controllers = (settings: ClusterSettings) => readonly Controller[]

/** Marks Pods of ordinal 1 with what they are not marked with yet: what it writes wakes it again. */
export const withRestless: Controllers = (settings) => [
  ...makeControllers(settings),
  defineController({
    name: 'restless',
    watches: { Pod: ({ object: { metadata } }) => [{ key: `${metadata.namespace ?? ''}/${metadata.name}` }] },
    *plan({ key, reader }) {
      const [namespace = '', name = ''] = key.split('/')
      const pod = reader.get('Pod', namespace, name)
      if (pod === undefined || !name.endsWith('-1')) return undefined
      const mark = pod.metadata.annotations?.['mark'] === 'tick' ? 'tock' : 'tick'
      yield {
        kind: 'PatchObject',
        target: { kind: 'Pod', namespace, name },
        patchType: 'merge',
        patch: { metadata: { annotations: { mark } } },
      }
      return undefined
    },
  }),
]

/** The controller of StatefulSets does not hear of Pods that go. */
export const withDeaf: Controllers = (settings) =>
  makeControllers(settings).map((controller) => {
    const { Pod: heard } = controller.watches
    return controller.name !== 'statefulset-controller' || heard === undefined
      ? controller
      : {
          ...controller,
          watches: {
            ...controller.watches,
            Pod: (notification, reader) =>
              notification.object.metadata.deletionTimestamp === undefined ? heard(notification, reader) : [],
          },
        }
  })

/** Cannot count to three: throws when it sees a Pod of ordinal 2. */
export const withInnumerate: Controllers = (settings) => [
  ...makeControllers(settings),
  defineController({
    name: 'innumerate',
    watches: { Pod: ({ object: { metadata } }) => [{ key: metadata.name }] },
    plan: ({ key }) => {
      if (key.endsWith('-2')) throw new Error(`what comes after ${key}?`)
      return []
    },
  }),
]
