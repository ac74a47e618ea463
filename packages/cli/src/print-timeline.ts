/** A timeline as it is printed: cut to the terminal's width there, whole in a pipe. */
import { formatTimeline, legend, type Timeline } from '@statefold/replay'
import type { Output } from './output.js'

export const timelineText = (timeline: Timeline, output: Pick<Output, 'paint' | 'isTerminal' | 'columns'>): string =>
  `${formatTimeline(timeline, output.paint, output.isTerminal ? { columns: output.columns } : {})}${output.paint.tone('faint', legend)}\n\n`
