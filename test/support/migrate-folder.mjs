// Migrates DATABASE_URL with the migrations of FOLDER, as built, and prints what was applied. (The
// library of the migrations is an ES module, which jest does not load.)
import migrations from '../../dist/src/db/migrate.js';

const { DATABASE_URL, FOLDER } = process.env;
try {
  const applied = await migrations.migrate(DATABASE_URL, FOLDER, (line) => console.log(line));
  console.log(`Applied: ${applied.join(', ')}`);
} catch (error) {
  console.log(`Refused: ${error.message}`);
  process.exit(1);
}
