// A reporter for node:test: "ok - name" for each test, the error of a failure below its line.

import { basename } from 'node:path';

const topic = basename(process.argv[1] ?? '', '.test.js');

export default async function* lines(events) {
  for await (const { type, data } of events) {
    if (type === 'test:pass' && (data.skip || data.todo)) {
      yield `not ok - ${topic}: ${data.name} was skipped\n`;
    } else if (type === 'test:pass') {
      yield `ok - ${topic}: ${data.name}\n`;
    } else if (type === 'test:fail') {
      const error = data.details.error.cause ?? data.details.error;
      const details = String(error.stack ?? error).replace(/^/gm, '    ');
      yield `not ok - ${topic}: ${data.name}\n${details}\n`;
    }
  }
}
