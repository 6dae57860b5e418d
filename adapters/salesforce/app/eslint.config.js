'use strict';

const jest = require('eslint-plugin-jest');
const lwc = require('@salesforce/eslint-config-lwc/recommended');

module.exports = [
  { ignores: ['node_modules/**'] },
  ...lwc,
  {
    files: ['**/__tests__/**/*.js'],
    ...jest.configs['flat/recommended'],
    rules: {
      ...jest.configs['flat/recommended'].rules,
      // A test is who feeds the wire.
      '@lwc/lwc/no-unexpected-wire-adapter-usages': 'off',
    },
  },
];
