/** Wiring of the CronJob controller: its own changes, and its Jobs. */
import type { Job } from '../../api/generated/types.js'
import type { Controller } from '../controller.js'
import { ownKey } from '../own-key.js'
import { wakesOfOwned } from '../owned-to-owners.js'
import { planCronJob } from './plan.js'

export const cronJobController: Controller = {
  name: 'cronjob-controller',
  watches: { CronJob: ownKey, Job: wakesOfOwned<Job>({ kind: 'CronJob', adopters: () => [] }) },
  plan: planCronJob,
}
