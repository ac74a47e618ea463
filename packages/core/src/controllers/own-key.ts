/** The plainest wake: an object that changed is looked at. */
import { keyOfObject } from '../api/object.js'
import type { Wake, WatchNotification } from './controller.js'

export const ownKey = ({ object }: WatchNotification): readonly Wake[] => [{ key: keyOfObject(object) }]
