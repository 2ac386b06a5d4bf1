/**
 * All that the virtual node does not do as Redis does, by name; the generators stay clear of it, and nothing else is left out.
 * Each line comes with a case that shows it: when both servers answer that alike, the line must go.
 *
 * What cannot be shown, or not everywhere: an uncaught Lua error that is a table without a text ends a Redis 7.0 process; the sign
 * of NaN is the machine's; the order in which `pairs` and `next` go through the named fields of a table is Lua's own business.
 */
import { type Case, call } from './case.ts'

const script = (text: string): Case => [call('EVAL', text, '1', 'a')]
const twenty = Array.from({ length: 20 }, (_, n) => `f${n}`)

export const excluded: Readonly<Record<string, Case>> = {
  'commands that no tracker and no observer uses': [call('LPUSH', 'a', 'x')],
  'SCRIPT HELP and SCRIPT DEBUG': [call('SCRIPT', 'HELP')],
  'ZRANGE BYLEX': [call('ZADD', 'a', '0', 'm'), call('ZRANGE', 'a', '-', '+', 'BYLEX')],
  'instants to end at beyond 2^53 ms': [call('SET', 'a', 'v', 'PXAT', '9223372036854775806'), call('PTTL', 'a')],
  // Redis keeps such a set as a skip list, which knows minus zero; the compact form of others does not.
  'minus zero in a set of more than 128 members, or with one longer than 64 bytes': [
    call('ZADD', 'a', '-0', 'm'.repeat(65)),
  ],
  'the order of a hash of more than 512 fields, or with a text longer than 64 bytes': [
    call('HSET', 'a', ...twenty.flatMap(field => [field, 'v'.repeat(65)])),
    call('HGETALL', 'a'),
  ],
  'cjson, cmsgpack, struct, bit': script('return cjson.encode({1})'),
  'math.random and math.randomseed': script('return math.random() < 2'),
  'redis.sha1hex, set_repl, replicate_commands, acl_check_cmd, breakpoint, debug, REDIS_VERSION, REPL_*':
    script("return redis.sha1hex('')"),
  'what redis.log and redis.setresp say of wrong arguments': script('redis.log()'),
  'RESP3 types in the reply of a script': script('return {double = 1.5}'),
  'lists in a reply that are nested deeper than a thousand': script(
    'local t, n = 1, 0 repeat t = {t} n = n + 1 until n == 1500 return t',
  ),
  'time that passes within a script': script(
    "local time = redis.call('TIME') for n = 1, 1e6 do end return redis.call('TIME')[2] == time[2]",
  ),
  'that libraries and globals which exist cannot be written over': script('string.format = string.format'),
  'fields of an error table besides err': script("return redis.pcall('ZADD').ignore_error_stats_update"),
  'which of two wrong arguments a function of Lua complains of': script("return math.fmod('', '#')"),
  'integers beyond 32 bits in Lua: positions, counts, levels, bases, %x, %o, %u': script(
    "return string.format('%x', 2^40)",
  ),
  'quotes in a shebang line': script("#!lua 'flags=no-writes'\nreturn 1"),
}

/** Made equal before texts are compared: where a table or a function lies in memory. */
export const comparable = (text: string): string => text.replaceAll(/\b(table|function): 0x[\da-f]+/g, '$1')
