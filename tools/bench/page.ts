/** docs/benchmarks.md from the figures: a table, what each of them is, and a plot of the cost per Pod. */
import { boundText, meetsBudget, type Measured, type Result } from './figures.js'

const barWidth = 50

/** Cost per Pod over the number of Pods, as text: it reads in a terminal as well as in a browser. */
const plotText = (plot: NonNullable<Measured['plot']>): string => {
  const most = Math.max(...plot.map(({ microseconds }) => microseconds))
  const lines = plot.map(({ pods, microseconds }) => {
    const bar = '█'.repeat(Math.max(1, Math.round((microseconds / most) * barWidth)))
    return `${String(pods).padStart(6)} Pods  ${bar.padEnd(barWidth)}  ${String(Math.round(microseconds)).padStart(5)} µs a Pod`
  })
  return lines.join('\n')
}

export const page = (results: readonly Result[]): string => {
  const rows = results.map(
    (result) =>
      `| \`${result.name}\` | ${result.value} ${result.unit} | ${boundText(result)} | ${result.floor ?? '–'} | ${meetsBudget(result) ? 'met' : '**missed**'} | ${result.date} |`,
  )
  const plot = results.find((result) => result.plot !== undefined)?.plot
  const machines = [...new Set(results.map(({ machine }) => machine))]
  const growth =
    plot === undefined
      ? 'Not measured yet.'
      : `Applied → all Ready, divided by the number of Pods, 50 Pods a node. Flat is right: the work for an event does not grow with the cluster.

\`\`\`text
${plotText(plot)}
\`\`\``
  return `# Benchmarks

Written by \`pnpm bench\`; do not edit. The figures are those of one machine on one day: compare ratios, not milliseconds.

${machines.map((machine) => `Machine: ${machine}`).join('\n')}

| figure | value | budget | floor or peer | | measured |
|---|---|---|---|---|---|
${rows.join('\n')}

## What is measured

Every figure has a process of its own. Where it says that runs warm up, those are not counted: V8 compiles the hot paths
during the first seconds, and a process that simulates for longer runs at the warmed speed.

${results.map(({ name, what, note }) => `- \`${name}\`: ${what}.${note === undefined ? '' : ` This time: ${note}.`}`).join('\n')}

For comparison, the real control plane (etcd without fsync, API server, controller manager and scheduler of v1.36.3 with rate
limits raised, a kubelet that writes one status a Pod) took 4.3 s for the 1,000 Pods and 44.5 s for the 10,000 on a machine of
two cores.

## Cost per Pod

${growth}
`
}
