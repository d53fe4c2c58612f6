// The job as it is usually glued together in Node: a CSV stream, a zod schema, JSON with sorted keys, SHA-256, and one
// transaction of one multi-row upsert for every 200 rows.
//   node ingest.mjs FILE.csv        connection: PG* variables
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { parse } from 'fast-csv'
import pg from 'pg'
import { z } from 'zod'

const BATCH = 200
const JOB = '00000000-0000-0000-0000-000000000001'

const dateForms = [
  [/^(\d{4})-(\d\d)-(\d\d)$/, ([, y, m, d]) => [y, m, d]],
  [/^(\d\d)\/(\d\d)\/(\d{4})$/, ([, m, d, y]) => [y, m, d]],
  [/^(\d\d)\.(\d\d)\.(\d{4})$/, ([, d, m, y]) => [y, m, d]],
]

function isoDate(text, context) {
  for (const [form, parts] of dateForms) {
    const match = form.exec(text)
    if (!match) continue
    const [y, m, d] = parts(match)
    const date = new Date(Date.UTC(Number(y), Number(m) - 1, Number(d)))
    if (date.getUTCMonth() === Number(m) - 1 && date.getUTCDate() === Number(d)) return `${y}-${m}-${d}`
  }
  context.addIssue({ code: 'custom', message: 'no date' })
  return z.NEVER
}

const text = z.string().trim()
const optional = text.transform((value) => value || null)
const Person = z.object({
  id: text.regex(/^\d{1,18}$/).transform(Number),
  name: text.min(1),
  email: text.toLowerCase().pipe(z.email()),
  phone: optional,
  state: text.length(2),
  signup_date: text.transform(isoDate),
  amount: text.regex(/^-?\d+(\.\d{1,2})?$/).transform(Number),
  notes: optional,
})

function canonical(row) {
  return JSON.stringify(Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null).sort(([a], [b]) => (a < b ? -1 : 1))))
}

async function insert(client, head, tail, rows) {
  if (rows.length === 0) return
  const width = rows[0].length
  const tuples = rows.map((_, r) => `(${rows[0].map((_, c) => `$${r * width + c + 1}`).join(',')})`)
  await client.query(`${head} VALUES ${tuples.join(',')}${tail}`, rows.flat())
}

async function commit(client, good, bad) {
  await client.query('BEGIN')
  const unique = new Map(good.map((row) => [row[2].toString('latin1'), row]))  // ON CONFLICT touches a row once
  await insert(client, 'INSERT INTO rows (job_id, row_number, content_hash, data)',
    ' ON CONFLICT (content_hash) DO UPDATE SET updated_at = now()', [...unique.values()])
  await insert(client, 'INSERT INTO bad_rows (row_number, field, raw)', '', bad)
  await client.query('COMMIT')
}

const client = new pg.Client()
await client.connect()
let rowNumber = 0
let good = []
let bad = []
for await (const record of createReadStream(process.argv[2]).pipe(parse({ headers: true }))) {
  rowNumber += 1
  const person = Person.safeParse(record)
  if (person.success) {
    const json = canonical(person.data)
    good.push([JOB, rowNumber, createHash('sha256').update(json).digest(), json])
  } else {
    bad.push([rowNumber, person.error.issues[0].path.join('.'), JSON.stringify(record)])
  }
  if (good.length + bad.length === BATCH) {
    await commit(client, good, bad)
    good = []
    bad = []
  }
}
await commit(client, good, bad)
await client.end()
