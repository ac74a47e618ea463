#!/usr/bin/env node
import { Command } from 'commander'
import { engineVersion } from '@statefold/core'

const program = new Command('statefold')
  .description('A Kubernetes cluster on your desk that does the same thing every time.')
  .version(engineVersion)

program.action(() => program.outputHelp())
program.parse()
