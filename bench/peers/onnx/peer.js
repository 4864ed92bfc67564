// onnxruntime's side of the comparison in bench/peers: one prediction of a net. What a call
// costs from JavaScript, the least that a net which does nothing ever took, is taken off.
'use strict'
const fs = require('fs'), path = require('path'), readline = require('readline')
const ort = require('onnxruntime-node')

const [folder, threads] = process.argv.slice(2)
const now = () => Number(process.hrtime.bigint()) / 1e3

async function load(name) {
  const session = await ort.InferenceSession.create(path.join(folder, name + '.onnx'),
    { intraOpNumThreads: Number(threads), interOpNumThreads: 1, executionMode: 'sequential', graphOptimizationLevel: 'all' })
  const feeds = {}
  for (const [input, type, shape, data] of JSON.parse(fs.readFileSync(path.join(folder, name + '.json')))) {
    feeds[input] = new ort.Tensor(type, type === 'int64' ? BigInt64Array.from(data, BigInt) : Float32Array.from(data), shape)
  }
  return async () => (await session.run(feeds))[session.outputNames[0]].data
}

// batch is the mean time of a run in microseconds, over about ms milliseconds after a tenth
// of that, and at least 20, to warm up.
async function batch(run, ms) {
  let n = 0
  const start = now()
  while (n === 0 || now() - start < Math.max(ms / 10, 20) * 1e3) { await run(); n++ }
  n = Math.ceil(ms * 1e3 / ((now() - start) / n))
  const began = now()
  for (let i = 0; i < n; i++) await run()
  return (now() - began) / n
}

async function main() {
  let ready, run, nothing, check, cost
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [work, ms] = line.split(' ')
    const [kind, name] = work.split('-')
    const answer = { work, version: require('onnxruntime-node/package.json').version }
    if (kind === 'infer') {
      if (ready !== work) {
        run = await load(name)
        nothing = await load(name + '-nothing')
        cost = Infinity
        check = (await run()).reduce((sum, v, _, all) => sum + Math.abs(v) / all.length, 0)
        ready = work
      }
      answer.check = { run: check }
      cost = Math.min(cost, await batch(nothing, Number(ms)))
      answer.us = { run: await batch(run, Number(ms)) - cost }
    } else {
      answer.error = 'not offered'
    }
    console.log(JSON.stringify(answer))
  }
}

main()
