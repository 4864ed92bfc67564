// onnxruntime's side of the comparison in bench/peers: one picture through a net. What a
// call costs from JavaScript, the least that an identity model ever took, is taken off.
'use strict'
const fs = require('fs'), path = require('path'), readline = require('readline')
const ort = require('onnxruntime-node')

const [folder, threads] = process.argv.slice(2)
const now = () => Number(process.hrtime.bigint()) / 1e3

async function load(name) {
  const session = await ort.InferenceSession.create(path.join(folder, name + '.onnx'),
    { intraOpNumThreads: Number(threads), interOpNumThreads: 1, executionMode: 'sequential', graphOptimizationLevel: 'all' })
  const bytes = fs.readFileSync(path.join(folder, name + '.f32'))
  const x = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
  const shape = { lenet: [1, 1, 28, 28], cnn: [1, 1, 28, 28], resnet8: [1, 3, 32, 32], identity: [4] }[name]
  const feeds = { x: new ort.Tensor('float32', x, shape) }
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
  const identity = await load('identity')
  let ready, run, check, cost = Infinity
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [work, ms] = line.split(' ')
    const [kind, name] = work.split('-')
    const answer = { work, version: require('onnxruntime-node/package.json').version }
    if (kind === 'infer') {
      if (ready !== work) {
        run = await load(name)
        check = (await run()).reduce((sum, v, _, all) => sum + Math.abs(v) / all.length, 0)
        ready = work
      }
      answer.check = { run: check }
      cost = Math.min(cost, await batch(identity, Number(ms)))
      answer.us = { run: await batch(run, Number(ms)) - cost }
    } else {
      answer.error = 'not offered'
    }
    console.log(JSON.stringify(answer))
  }
}

main()
