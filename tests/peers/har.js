// har.js - judges an HTTP archive on standard input by the schema of HAR 1.2,
// as the npm package har-validator has it: exit 1 with the errors.
//
// Used by: system/test_trace.py.
// Instead of moto: moto is no judge of files.
const { har } = require('har-validator');

const text = require('fs').readFileSync(0, 'utf8');

har(JSON.parse(text)).then(
  () => console.log('valid'),
  (error) => {
    console.error(JSON.stringify(error.errors || String(error)));
    process.exit(1);
  });
