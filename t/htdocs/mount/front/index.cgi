#!/bin/sh
# A front controller: it answers for every URL, and says what it was sent.
printf 'Content-Type: text/plain\r\n\r\nFRONT\n'
cat
