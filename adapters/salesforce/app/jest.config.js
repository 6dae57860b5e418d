'use strict';

const { jestConfig } = require('@salesforce/sfdx-lwc-jest/config');

module.exports = {
  ...jestConfig,
  // One process: the suite is over before a second one has started.
  maxWorkers: 1,
};
