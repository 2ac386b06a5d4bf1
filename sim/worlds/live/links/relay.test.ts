import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openRelay, type Relay } from './relay.ts'
import { Way } from './way.ts'

let server: Server
let relay: Relay
let way: Way
let client: Socket
let received: string
let accepted: Set<Socket>

/** A node that answers each byte with itself, and ends when its client has. */
beforeEach(async () => {
  accepted = new Set()
  server = createServer({ allowHalfOpen: true }, socket => {
    accepted.add(socket)
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  way = new Way()
  relay = await openRelay({ host: '127.0.0.1', port: (server.address() as { port: number }).port }, way)
  client = await dial()
})
afterEach(async () => {
  client.destroy()
  await relay.close()
  server.close()
})

async function dial(): Promise<Socket> {
  const socket = connect({ port: relay.port, host: '127.0.0.1', allowHalfOpen: true })
  received = ''
  socket.on('data', chunk => {
    received += String(chunk)
  })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** A reset is an error, and then the end. */
const closed = (socket: Socket) => new Promise(resolve => socket.once('close', resolve))

const until = async (holds: () => boolean) => {
  for (let turns = 0; turns < 100_000 && !holds(); turns++) await new Promise(setImmediate)
  expect(holds()).toBe(true)
}

const echoes = (text: string) => {
  client.write(text)
  return until(() => received.endsWith(text))
}

test('more than any buffer passes unchanged, and a half-closed connection still gets its answer', async () => {
  const text = 'stormproof'.repeat(800_000)
  client.write(text)
  client.end()
  await once(client, 'end')
  expect(received.length).toBe(text.length)
  expect(received === text).toBe(true)
})

test('what was delayed is not overtaken by what was not', async () => {
  const undo = way.delay(30)
  client.write('first ')
  await until(() => way.hit.delayed > 0)
  undo()
  await echoes('second')
  expect(received).toBe('first second')
})

test('delays add up, and the last undo ends them all', () => {
  const [one, other] = [way.delay(10), way.delay(5)]
  expect(way.delayMs).toBe(15)
  one()
  one()
  expect(way.delayMs).toBe(5)
  other()
  expect(way.delayMs).toBe(0)
})

test('a silent way holds everything until the last of those who silenced it gives way', async () => {
  const [one, other] = [way.silence(), way.silence()]
  client.write('held')
  await until(() => way.hit.held === 1)
  one()
  expect(received).toBe('')
  other()
  await until(() => received === 'held')
})

test('a silent way hides that the client has gone: the node hears of it afterwards', async () => {
  await echoes('here')
  const [atNode] = [...accepted]
  const undo = way.silence()
  client.resetAndDestroy()
  await closed(client)
  for (let turns = 0; turns < 100; turns++) await new Promise(setImmediate)
  expect(atNode!.destroyed).toBe(false)
  undo()
  await until(() => atNode!.destroyed)
})

test('a cut breaks what is there and refuses what comes, until it is mended', async () => {
  await echoes('here')
  const mend = way.cut()
  await closed(client)
  const refused = connect({ port: relay.port, host: '127.0.0.1' }).on('error', () => {})
  await closed(refused)
  expect(way.hit.cut).toBe(2)
  mend()
  client = await dial()
  await echoes('again')
})
