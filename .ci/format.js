// node .ci/format.js [-w] FILE...: names the scripts that TypeScript's own formatter would change; -w changes them.
'use strict';
const fs = require('fs'), ts = require('typescript');
const write = process.argv[2] === '-w', files = process.argv.slice(write ? 3 : 2);
const host = {
  getCompilationSettings: () => ({ allowJs: true }), getScriptFileNames: () => files, getScriptVersion: () => '0',
  getScriptSnapshot: f => ts.ScriptSnapshot.fromString(fs.readFileSync(f, 'utf8')), getCurrentDirectory: () => '.', getDefaultLibFileName: () => 'lib.d.ts',
  fileExists: ts.sys.fileExists, readFile: ts.sys.readFile,
};
const service = ts.createLanguageService(host), options = { ...ts.getDefaultFormatCodeSettings('\n'), indentSize: 2, tabSize: 2, convertTabsToSpaces: true };
for (const f of files) {
  let text = fs.readFileSync(f, 'utf8');
  const was = text;
  for (const e of service.getFormattingEditsForDocument(f, options).reverse()) text = text.slice(0, e.span.start) + e.newText + text.slice(e.span.start + e.span.length);
  if (text !== was) { console.log(f); if (write) fs.writeFileSync(f, text); }
}
