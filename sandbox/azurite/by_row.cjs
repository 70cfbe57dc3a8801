// Loaded before Azurite. It looks rows up by {PartitionKey, RowKey}, and LokiJS takes the first of the two to its
// index: every look-up, thus every write, walks the whole partition, and ten thousand couplings take the square of
// the time. Asked for RowKey first, the same look-up gives the same row at once.
const { createRequire } = require("node:module");
const { join } = require("node:path");

const { Collection } = createRequire(join(__dirname, "node_modules", "azurite", "package.json"))("lokijs");
const findOne = Collection.prototype.findOne;

Collection.prototype.findOne = function (query) {
  const isRow = query && typeof query.PartitionKey === "string" && typeof query.RowKey === "string";
  return findOne.call(this, isRow ? { RowKey: query.RowKey, PartitionKey: query.PartitionKey } : query);
};
