# build/statements.awk FILE.sql...: the SQL of conf/schema as C, an array of statements a file,
# for htjwt. Comments begin with "--", and no text of these files has that or a semicolon.
function finish() {
    if (name != "")
        print "    NULL,\n};"
}
FNR == 1 {
    finish()
    name = FILENAME; sub(/.*\//, "", name); sub(/\.sql$/, "", name)
    statement = ""
    print "static const char *const schema_" name "[] = {"
}
{
    sub(/[ \t]*--.*/, ""); gsub(/[ \t]+/, " "); sub(/^ /, "")
    if ($0 == "") next
    statement = statement (statement == "" ? "" : " ") $0
    if (sub(/;$/, "", statement)) {
        gsub(/\\/, "\\\\", statement); gsub(/"/, "\\\"", statement)
        print "    \"" statement "\","
        statement = ""
    }
}
END { finish() }
