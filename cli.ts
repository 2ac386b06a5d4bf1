/** The `stormproof` command. The only file, with its helpers in cli/, that sees every registry. */
import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { Command, CommanderError } from 'commander'
import { cluster } from './cli/cluster.ts'
import { BadArgument, exitCodes, report } from './cli/errors.ts'
import { gate } from './cli/gate.ts'
import { interruptible } from './cli/interrupt.ts'
import { list } from './cli/list.ts'
import { createProgress } from './cli/progress.ts'
import { providers } from './cli/providers.ts'
import { proxy } from './cli/proxy.ts'
import { replay } from './cli/replay.ts'
import { runCommand } from './cli/run.ts'
import { search } from './cli/search.ts'
import { selftest } from './cli/selftest.ts'
import { storm } from './cli/storm.ts'
import { swarmStorm } from './cli/swarm.ts'

const progress = createProgress()
const colour = process.stdout.isTTY === true && !process.env.NO_COLOR
let farewell = 'interrupted: healing and stopping what was started …'
const signal = interruptible(() => farewell && progress.done(farewell))
let exitCode = 0

const program = new Command('stormproof')
  .description(
    'Replays provider outages against an AI-API proxy that counts its sessions in a Redis Cluster,\nand proves whether the count stayed true.',
  )
  .exitOverride()
  .configureOutput({ outputError: () => {} })
  .addHelpText(
    'after',
    `
Exit codes: 0 all passed · 1 a check failed · 2 unknown · 3 the environment is not ready · 4 a bad argument · 70 Stormproof itself is wrong · 130 interrupted`,
  )

program
  .command('storm [scenarios...]')
  .description(
    'play scenarios with the reference tracker and the wrong ones, side by side, in both worlds; without names five, `all`: the whole catalogue',
  )
  .option('--seed <n>', 'the same seed plays the same storm', wholeNumber, 1)
  .option('--retries <n>', 'live runs that are not as declared are played again, so often', atLeast('--retries', 0), 0)
  .option('--swarm', 'storms drawn from seeds instead, with the reference: any faults, at any time', false)
  .option('--seeds <n>', 'of a swarm: how many storms', atLeast('--seeds', 1), 3)
  .option('--world <world>', 'of a swarm: virtual, live or both', 'both')
  .option('--jobs <n>', 'of a swarm: threads', atLeast('--jobs', 1), availableParallelism())
  .option(
    '--cluster <urls>',
    'instead of one of its own: redis://host:port,… (rediss:// with TLS; its password is in STORMPROOF_REDIS_PASSWORD) or docker',
  )
  .option('--allow-destructive', 'its nodes may be filled and failed over, and its slots moved')
  .option('--out <dir>', 'where runs are left', 'runs')
  .addHelpText(
    'after',
    `
Examples:
  $ stormproof storm same-session --seed 3
  $ stormproof storm --swarm --seed 70 --seeds 5`,
  )
  .action(async (names, { swarm, ...options }) => {
    const chosen = { ...options, colour }
    exitCode = await (swarm ? swarmStorm : storm)(names, chosen, progress, signal)
  })

program
  .command('gate')
  .description('the whole catalogue on the reference tracker, as one verdict: virtual on many seeds, live on one')
  .option('--world <world>', 'virtual, live or both', 'both')
  .option('--seeds <n>', 'virtual runs of each scenario', atLeast('--seeds', 1), 20)
  .option('--seed <n>', 'the first seed; without it one is drawn, and told', wholeNumber)
  .option('--only <scenarios>', 'one or more, by comma')
  .option('--shard <i/n>', 'the i-th of n shares of the catalogue')
  .option('--fail-fast', 'stop at the first claim that fails', false)
  .option(
    '--cluster <urls>',
    'play live on this cluster (redis://host:port,…) instead of one of its own: see the README',
  )
  .option('--allow-destructive', 'its nodes may be filled and failed over, and its slots moved')
  .option('--out <dir>', 'where live runs are left', 'runs')
  .option('--jobs <n>', 'threads', atLeast('--jobs', 1), availableParallelism())
  .addHelpText(
    'after',
    `
A live run that could not be judged is played once more; a scenario whose faults need levers that a world has not is skipped there, with the reason, and counts as not played.

Examples:
  $ stormproof gate
  $ stormproof gate --world virtual --seeds 100 --fail-fast
  $ stormproof gate --only kill-primary,slot-migration --seed 7
  $ stormproof gate --shard 1/3`,
  )
  .action(async ({ seed = randomInt(1_000_000), ...options }) => {
    exitCode = await gate({ ...options, seed, colour }, progress, signal)
  })

program
  .command('selftest')
  .description('proves that the catalogue can fail: every wrong tracker is caught, and the reference is not accused')
  .option('--world <world>', 'virtual, live or both; live plays only what is declared', 'virtual')
  .option('--seeds <n>', 'of each scenario and tracker', atLeast('--seeds', 1), 1)
  .option('--seed <n>', 'the first one', wholeNumber, 1)
  .option('--only <names>', 'scenarios and wrong trackers, by comma')
  .option('--clean <n>', 'besides, so many runs of the reference without any fault', atLeast('--clean', 0), 0)
  .option('--report <formats>', 'console, json; by comma', 'console')
  .option('--out <dir>', 'where live runs are left', 'runs')
  .option('--jobs <n>', 'threads', atLeast('--jobs', 1), availableParallelism())
  .addHelpText(
    'after',
    `
Examples:
  $ stormproof selftest
  $ stormproof selftest --seeds 20 --clean 1000
  $ stormproof selftest --only ttl-only --world both
  $ stormproof selftest --report json > selftest.json`,
  )
  .action(async options => {
    exitCode = await selftest({ ...options, colour }, progress, signal)
  })

program
  .command('run <scenarios...>')
  .description('play scenarios and judge them')
  .option('--world <world>', 'virtual or live; without it live where a Redis server is installed, else virtual')
  .option('--tracker <names>', 'one or more, by comma', 'lease')
  .option('--seed <n>', 'the same seed plays the same storm', wholeNumber, 1)
  .option(
    '--cluster <urls>',
    'instead of one of its own: redis://host:port,… (rediss:// with TLS; its password is in STORMPROOF_REDIS_PASSWORD) or docker',
  )
  .option('--allow-destructive', 'its nodes may be filled and failed over, and its slots moved')
  .option('--report <formats>', 'console, json; by comma', 'console')
  .option('--out <dir>', 'where runs are left', 'runs')
  .addHelpText(
    'after',
    '\nExample:\n  $ stormproof run provider-outage --world virtual --tracker lease,ttl-only --seed 7 --report console,json --out /tmp/storms',
  )
  .action(async (names, options) => {
    exitCode = await runCommand(names, { ...options, colour }, progress, signal)
  })

program
  .command('search <scenarios...>')
  .description(
    'many seeds in virtual time on all cores; the first that fails is shrunk to its smallest plan ("all": every scenario)',
  )
  .option('--seeds <n>', 'how many', atLeast('--seeds', 1), 1_000)
  .option('--from <n>', 'the first one', atLeast('--from', 0), 1)
  .option('--tracker <name>', 'who is searched', 'lease')
  .option('--swarm', 'draw limits, paces, faults, instances and more anew for each seed', false)
  .option('--out <dir>', 'where shrunk plans and their runs are left', 'runs')
  .option('--jobs <n>', 'threads', atLeast('--jobs', 1), availableParallelism())
  .option('--fail-fast', 'stop at the first seed that fails', true)
  .option('--no-fail-fast', 'play every seed of every scenario')
  .addHelpText(
    'after',
    `
Every fiftieth seed, the last, and one that fails are played once more in another process: the two histories must be the same to
the byte, or the exit code is 70.

Example:
  $ stormproof search success-then-failure --tracker ref-count --seeds 100`,
  )
  .action(async (names, options) => {
    exitCode = await search(names, options, progress, signal)
  })

program
  .command('replay <file>')
  .description("a plan from a file, or a run's folder, again and in either world")
  .option('--world <world>', 'virtual or live; without it live where a Redis server is installed, else virtual')
  .option('--tracker <name>', 'instead of the one the plan was left for')
  .option('--report <formats>', 'console, json; by comma', 'console')
  .option('--out <dir>', 'where the run is left', 'runs')
  .addHelpText(
    'after',
    '\nExample:\n  $ stormproof replay runs/same-session.search.raw-remove.1/plan.json --world virtual',
  )
  .action(async (file, options) => {
    exitCode = await replay(file, { ...options, colour }, progress, signal)
  })

program
  .command('list')
  .description('scenarios, faults, checks, trackers and loads')
  .option('--json', 'for machines', false)
  .option('--markdown', 'as scenarios/README.md has it', false)
  .addHelpText('after', '\nExample:\n  $ stormproof list --json')
  .action(options => void process.stdout.write(list(options)))

program
  .command('cluster <action>')
  .description('up, down or status of a local Redis Cluster (3 primaries, 3 replicas) to work against')
  .addHelpText('after', '\nExample:\n  $ stormproof cluster up && stormproof cluster status && stormproof cluster down')
  .action(async action => {
    exitCode = await cluster(action, progress.done)
  })

program
  .command('providers')
  .description('the fake providers of a scenario alone, until Ctrl-C')
  .option('--scenario <name>', 'whose providers', 'provider-outage')
  .option('--seed <n>', 'the same seed gives the same answers', wholeNumber, 1)
  .option('--port <n>', 'of the first one, the others follow; 0: free ports', portNumber, 4101)
  .addHelpText('after', '\nExample:\n  $ stormproof providers --scenario same-session')
  .action(async ({ scenario, seed, port }) => {
    exitCode = await providers(scenario, seed, port, signal)
  })

program
  .command('proxy')
  .description('the reference proxy alone, until a signal: it then finishes what runs and gives every slot back')
  .requiredOption('--config <file>', 'YAML; proxy/proxy.example.yaml explains every key')
  .option('--port <n>', 'the callers’ port instead of the file’s; 0: a free one', portNumber)
  .option('--admin-port <n>', 'the admin listener’s, likewise', portNumber)
  .option('--print-config', 'print what is in effect, defaults and all, and end', false)
  .addHelpText(
    'after',
    `
Example:
  $ stormproof cluster up
  $ stormproof providers &
  $ stormproof proxy --config proxy/proxy.example.yaml`,
  )
  .action(async options => {
    // It logs instead, in lines that machines read.
    farewell = ''
    exitCode = await proxy(options, signal)
  })

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0)
    throw new BadArgument(`--seed ${text}: a seed is a whole number from 0`)
  return value
}

function atLeast(option: string, least: number): (text: string) => number {
  return text => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least)
      throw new BadArgument(`${option} ${text}: must be a whole number from ${least}`)
    return value
  }
}

function portNumber(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new BadArgument(`${text} is no port: a port is a whole number from 0 to 65535`)
  return value
}

function helpFor(command: string | undefined): string {
  const known = program.commands.some(one => one.name() === command)
  return known ? `stormproof ${command} --help` : 'stormproof --help'
}

try {
  await program.parseAsync()
} catch (error) {
  progress.stop()
  if (!(error instanceof CommanderError)) exitCode = report(error)
  else if (error.exitCode === 0) exitCode = exitCodes.passed
  // Called with nothing to do, commander has shown the help already.
  else if (error.code === 'commander.help') exitCode = exitCodes.badArgument
  else
    exitCode = report(new BadArgument(`${error.message.replace(/^error: /, '')}; see \`${helpFor(process.argv[2])}\``))
}
progress.stop()
process.exit(exitCode)
