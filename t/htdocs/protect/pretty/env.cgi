#!/bin/sh
# What an application sees of a request.
printf 'Content-Type: text/plain\r\n\r\n'
env | sort
