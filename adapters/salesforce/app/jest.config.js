'use strict';

const { jestConfig } = require('@salesforce/sfdx-lwc-jest/config');

module.exports = {
  ...jestConfig,
  moduleNameMapper: {
    // A module of styles only, which the vendor's resolver does not look for.
    '^c/creditTones$': '<rootDir>/force-app/main/default/lwc/creditTones/creditTones.css',
    '^test/(.*)$': '<rootDir>/jest/$1',
  },
  // One process: the suite is over before a second one has started.
  maxWorkers: 1,
  // A loaded machine is not a failure.
  testTimeout: 120_000,
};
