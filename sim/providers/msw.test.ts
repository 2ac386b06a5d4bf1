/** What this project needs of msw, and what a later version is to be judged by: 3.0.5 failed the first two. */
import { getResponse, HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

const url = 'http://pin.provider.test/v1/messages'
const bytes = (text: string) => new TextEncoder().encode(text)
const text = (chunk: Uint8Array | undefined) => new TextDecoder().decode(chunk)

let body: ReadableStream<Uint8Array>
const handlers = [http.post(url, () => new HttpResponse(body, { headers: { 'content-type': 'text/event-stream' } }))]
const server = setupServer(...handlers)
const ways: Record<string, () => Promise<Response>> = {
  'setupServer and fetch': () => fetch(url, { method: 'POST', body: '{}' }),
  getResponse: async () => (await getResponse(handlers, new Request(url, { method: 'POST', body: '{}' })))!,
}

beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
afterAll(() => server.close())

let controller: ReadableStreamDefaultController<Uint8Array>
let cancelled: Promise<void>
beforeEach(() => {
  cancelled = new Promise(resolve => {
    body = new ReadableStream({
      start: given => {
        controller = given
      },
      cancel: () => resolve(),
    })
  })
})

test.each(Object.entries(ways))(
  '%s: an error in mid-stream arrives as an error, after what came before it',
  async (_, ask) => {
    const reader = (await ask()).body!.getReader()
    const first = reader.read()
    controller.enqueue(bytes('one'))
    expect(text((await first).value)).toBe('one')
    const second = reader.read()
    controller.error(new Error('the provider broke off'))
    await expect(second).rejects.toThrow()
  },
)

test.each(Object.entries(ways))('%s: each chunk arrives by itself, before the next one is spoken', async (_, ask) => {
  const reader = (await ask()).body!.getReader()
  for (const word of ['one', 'two', 'three']) {
    controller.enqueue(bytes(word))
    expect(text((await reader.read()).value)).toBe(word)
  }
  controller.close()
  expect((await reader.read()).done).toBe(true)
})

test('getResponse: a reader who leaves cancels the stream', async () => {
  const reader = (await ways.getResponse!()).body!.getReader()
  controller.enqueue(bytes('one'))
  await reader.read()
  await reader.cancel()
  await cancelled
})
